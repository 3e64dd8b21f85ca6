"""What clinicians enter: orders, decisions about lines, answers to refills."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from medications.forms.patients import AS_TYPED
from medications.presenters import words
from medications.types import Status
from steadwell.portal.service import RadioCards

Choices = Iterable[tuple[str, object]]
_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


class OrderForm(forms.Form):
    drug = forms.CharField(
        label=_lazy("Medicine"),
        max_length=200,
        widget=forms.TextInput(attrs=_PLAIN),
        error_messages={"required": _lazy("Type the name of the medicine.")},
    )
    product = forms.ChoiceField(
        label=_lazy("Is it one of these?"), required=False, widget=RadioCards, choices=()
    )
    dosage = forms.CharField(
        label=_lazy("Dosage"),
        help_text=_lazy("For example: 1 tablet twice daily."),
        max_length=300,
        error_messages={"required": _lazy("Say how it is taken.")},
    )
    quantity = forms.CharField(label=_lazy("Quantity"), max_length=60, required=False)
    refills = forms.IntegerField(label=_lazy("Refills"), min_value=0, max_value=12, initial=0)
    reason = forms.CharField(label=_lazy("What is it for?"), max_length=200, required=False)

    def __init__(self, *args: Any, found: Choices = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = list(found)
        if offered:
            self.fields["product"].choices = [  # type: ignore[attr-defined]
                *offered,
                (AS_TYPED, _("None of these: keep the words as typed")),
            ]
        else:
            del self.fields["product"]

    @property
    def rxcui(self) -> str:
        chosen: str = self.cleaned_data.get("product", "")
        return "" if chosen == AS_TYPED else chosen


class DecideForm(forms.Form):
    status = forms.ChoiceField(label=_lazy("Is it taken?"), widget=RadioCards)
    dosage = forms.CharField(label=_lazy("Dosage"), max_length=300, required=False)
    reason = forms.CharField(
        label=_lazy("How do you know?"),
        help_text=_lazy("Such as: asked the patient. Kept with the decision."),
        max_length=300,
        error_messages={"required": _lazy("Say how you know.")},
    )

    _OFFERED = (Status.ACTIVE, Status.ON_HOLD, Status.STOPPED, Status.COMPLETED, Status.NOT_TAKEN)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = [  # type: ignore[attr-defined]
            (status.value, words.STATUS[status][0]) for status in self._OFFERED
        ]


class PlaceForm(forms.Form):
    """Which medicine a source's words mean, or that they are one of their own."""

    APART = "apart"

    product = forms.ChoiceField(
        label=_lazy("Which medicine is meant?"),
        widget=RadioCards,
        error_messages={"required": _lazy("Choose which medicine is meant.")},
    )
    reason = forms.CharField(
        label=_lazy("How do you know?"),
        max_length=300,
        error_messages={"required": _lazy("Say how you know.")},
    )

    def __init__(self, *args: Any, found: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "place_%s"} | kwargs)
        self.fields["product"].choices = [  # type: ignore[attr-defined]
            *found,
            (self.APART, _("None of these: a medicine of its own")),
        ]


class TogetherForm(forms.Form):
    """How somebody knows that several statements mean the medicines beside them."""

    reason = forms.CharField(
        label=_lazy("How do you know?"),
        max_length=300,
        error_messages={"required": _lazy("Say how you know.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "together_%s"} | kwargs)


class ApproveForm(forms.Form):
    dosage = forms.CharField(
        label=_lazy("Dosage"), max_length=300, error_messages={"required": _lazy("Say how it is taken.")}
    )
    quantity = forms.CharField(label=_lazy("Quantity"), max_length=60, required=False)
    pharmacy = forms.ChoiceField(label=_lazy("Pharmacy"))
    reason = forms.CharField(
        label=_lazy("If you change something: why?"),
        help_text=_lazy("The patient reads this."),
        max_length=300,
        required=False,
    )

    def __init__(self, *args: Any, pharmacies: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "approve_%s"} | kwargs)
        self.fields["pharmacy"].choices = list(pharmacies)  # type: ignore[attr-defined]


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label=_lazy("Why not?"),
        help_text=_lazy("The patient reads this."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _lazy("Say why, so that the patient knows.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "decline_%s"} | kwargs)


class ResendForm(forms.Form):
    pharmacy = forms.ChoiceField(label=_lazy("Pharmacy"))

    def __init__(self, *args: Any, pharmacies: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "resend_%s"} | kwargs)
        self.fields["pharmacy"].choices = list(pharmacies)  # type: ignore[attr-defined]


class WhyForm(forms.Form):
    """Taking a decision back."""

    reason = forms.CharField(label=_lazy("Why is it taken back?"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "why_%s"} | kwargs)
