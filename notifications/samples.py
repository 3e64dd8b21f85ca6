"""Made-up values with which words are shown before anybody is told anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import translation

from notifications import rendering
from notifications.sms_text import Size, size_of
from notifications.template import Template, Text
from notifications.types import Rendered

_TOKEN = "AbCdEfGhIjKlMnOpQrStUv"  # noqa: S105 - as long as a real one
_SAMPLE: Mapping[str, str] = {
    "starts_at": "2027-03-03T10:30:00-08:00",
    "old_starts_at": "2027-03-02T15:00:00-08:00",
    "asked_starts_at": "2027-03-04T09:15:00-08:00",
    "zone": "America/Los_Angeles",
    "place": "Harbour Street, 12 Harbour Street",
    "count": "3",
    "code": "123456",
    "path": "/",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One language as each channel shows it. ``size`` is that of the text message."""

    language: str
    words: Rendered
    mail: rendering.Mail
    sms: str
    size: Size


def params_of(template: Template) -> Mapping[str, str]:
    """What this template would be told with."""
    return {name: _SAMPLE[name] for name in {*template.required, "path", "place"} if name in _SAMPLE}


def preview(template: Template, text: Text, language: str) -> Preview:
    with translation.override(language):
        words = rendering.filled(text, params_of(template), language)
    sms = rendering.short(words, token=_TOKEN)
    return Preview(
        language=language,
        words=words,
        mail=rendering.mail(words, token=_TOKEN, language=language),
        sms=sms,
        size=size_of(sms),
    )
