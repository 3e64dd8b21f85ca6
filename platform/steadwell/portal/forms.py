"""How forms look: one renderer for every form of the platform, the sign-in pages included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import DjangoTemplates
from django.forms.utils import flatatt
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy


class PortalRenderer(DjangoTemplates):
    """Used as ``FORM_RENDERER``: ``{{ form }}`` and ``{{ field.as_field_group }}`` become the portal's
    components.
    """

    form_template_name = "portal/forms/form.html"
    field_template_name = "portal/forms/field.html"


class DayInput(forms.DateInput):
    """A day, by the browser's own picker where it has one."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class TimeOfDayInput(forms.TimeInput):
    """A wall-clock time."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class Options:
    """The lines of a long list in one language: made once, shown many times."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = tuple((str(value), str(label)) for value, label in pairs)
        self.values = frozenset(value for value, _ in self.pairs)
        self.lines = "".join(f"{_start(value)}>{escape(label)}</option>" for value, label in self.pairs)

    def html(self, chosen: str) -> str:
        start = _start(chosen)
        return self.lines.replace(f"{start}>", f"{start} selected>", 1)


def _start(value: str) -> str:
    return f'<option value="{escape(value)}"'


class OptionsSelect(forms.Widget):
    """A list of hundreds, written in one go: Django's own select renders a template for each line of it."""

    options = Options(())

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        attributes = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        lines = self.options.html(str(value or ""))
        return mark_safe(f"<select{attributes}>{lines}</select>")  # noqa: S308 - Options escapes every part


class OptionsField(forms.Field):
    """One of many, or nothing; the form says of which with ``offer`` when it is made."""

    widget = OptionsSelect

    def offer(self, options: Options) -> None:
        self.widget.options = options

    def to_python(self, value: Any) -> str:
        return str(value or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and value not in self.widget.options.values:
            # The words of Django's own field for choices.
            message = forms.ChoiceField.default_error_messages["invalid_choice"]
            raise forms.ValidationError(message, code="invalid_choice", params={"value": value})


class RadioCards(forms.RadioSelect):
    """One of a few, each as a card; the whole card is the target."""


class PatientSearchForm(forms.Form):
    """What staff type to find a patient; ``identity.search`` reads it."""

    q = forms.CharField(
        label=gettext_lazy("Name, birth date, record number or telephone"),
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One line of the error summary: what is wrong, and the id of the field that can put it right."""

    text: str
    anchor: str


def anchor_of(field: BoundField) -> str:
    """The id of the input that a summary's link should reach; of a group, its first one."""
    widget = field.field.widget
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return f"{field.auto_id}_0"
    return field.id_for_label or str(field.auto_id)


def mistakes(form: forms.BaseForm) -> Iterator[Mistake]:
    """Everything wrong with a form, those of the whole form first."""
    for text in form.non_field_errors():
        yield Mistake(text=str(text), anchor="")
    for field in form:
        for text in field.errors:
            yield Mistake(text=str(text), anchor="" if field.is_hidden else anchor_of(field))
