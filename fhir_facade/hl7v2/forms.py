"""What an administrator enters about a sender of HL7 messages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.translation import gettext_lazy as _

from fhir_facade.hl7v2.models import Hl7Sender
from fhir_facade.hl7v2.senders import check
from steadwell.errors import Invalid


def _words(
    label: Any, help_text: Any = "", *, required: bool = False, delimiter: str = ","
) -> SimpleArrayField:
    return SimpleArrayField(
        forms.CharField(max_length=500),
        label=label,
        help_text=help_text,
        required=required,
        delimiter=delimiter,
    )


class SenderForm(forms.ModelForm):  # type: ignore[type-arg]
    networks = _words(_("Networks"), _("Addresses or networks, such as 10.20.0.0/16, separated by commas."))
    certificates = _words(
        _("Client certificates"),
        _("SHA-256 fingerprints, or subjects such as CN=lab.example, separated by semicolons."),
        delimiter=";",
    )
    message_types = _words(
        _("Message types"), _("What it may send, such as ORU^R01, separated by commas."), required=True
    )
    applications = _words(
        _("Applications"), _("MSH-3 and MSH-4 as application|facility, either may be *. Empty: any.")
    )
    processing = _words(
        _("Processing ids"), _("MSH-11: P production, T training, D debugging."), required=True
    )

    class Meta:
        model = Hl7Sender
        fields = (
            "name", "active", "networks", "certificates", "message_types", "applications", "processing",
            "site_id", "time_zone", "connections",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        # What is compared is checked as the service will check it, on a sender of its own.
        said = {name: data[name] for name in self.Meta.fields if name in data}
        if not self.errors:
            try:
                check(Hl7Sender(**said))
            except Invalid as refused:
                for field, words in refused.fields.items():
                    self.add_error(field, words)
        return data
