"""What the desk enters on a patient's page."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("The patient's e-mail address"),
        help_text=_("Only the patient should read what arrives there. They will sign in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
