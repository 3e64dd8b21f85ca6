"""A message in words: pure from template, params and language; and dressed as a mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from notifications import wordings
from notifications.language import fill, variables
from notifications.template import Template, Text
from notifications.types import Rendered
from notifications.wording import PARAMS, TEMPLATES, VARIABLES
from steadwell.portal.service import at_site, day_text, moment_text


def checked(template: str, params: Mapping[str, str]) -> Template:
    """The template, when the params are exactly what it can use. Anything else is a fault of the caller's
    code.
    """
    if template not in TEMPLATES:
        raise ValueError(f"There is no template {template}.")
    found = TEMPLATES[template]
    missing, unknown = found.required - params.keys(), params.keys() - PARAMS
    if missing or unknown:
        raise ValueError(f"{template}: missing {sorted(missing)}, unknown {sorted(unknown)}.")
    for name in ("starts_at", "old_starts_at", "asked_starts_at"):
        if name in params and datetime.fromisoformat(params[name]).tzinfo is None:
            raise ValueError(f"{template}: {name} has no offset.")
    if "zone" in params:
        ZoneInfo(params["zone"])
    if not params.get("path", "/").startswith("/") or params.get("path", "/").startswith("//"):
        raise ValueError(f"{template}: path leads outside the portal.")
    return found


def instant(params: Mapping[str, str], name: str) -> datetime | None:
    return datetime.fromisoformat(params[name]) if params.get(name) else None


def words(
    template: str, params: Mapping[str, str], language: str, version: int = wordings.SHIPPED
) -> Rendered:
    """The message in one language and one version of its words, its times as the clinic's own clock shows
    them.
    """
    return filled(wordings.text_of(template, version, language), params, language)


def filled(text: Text, params: Mapping[str, str], language: str) -> Rendered:
    """Words with their values."""
    with translation.override(language.partition("-")[0]):
        values = _values(params)
    return Rendered(
        subject=fill(text.subject, values),
        lines=tuple(fill(line, values) for line in text.lines if variables(line) <= values.keys()),
        action=fill(text.action, values),
        path=params.get("path", "/"),
        sms=fill(text.sms or text.subject, values),
    )


def _values(params: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    zone = params.get("zone", "UTC")
    for variable, name in VARIABLES.items():
        if not params.get(name):
            continue
        if name.endswith("starts_at"):
            at = datetime.fromisoformat(params[name])
            found[variable] = (
                day_text(at_site(at, zone).date()) if variable == "day" else moment_text(at, zone)
            )
        else:
            found[variable] = params[name]
    return found


def short(message: Rendered, *, token: str | None) -> str:
    """The message where there is no room: what its text message says, and its one link. Without a token it is
    to a reader, about no patient.
    """
    path = message.path if token is None else f"/inbox/{token}/"
    return f"{message.sms} {settings.PUBLIC_URL}{path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    subject: str
    text: str
    html: str


def mail(message: Rendered, *, token: str | None, language: str) -> Mail:
    """Plain text and HTML. The one link is the notice's token: it opens after signing in and means
    nothing. Without a token it is an alert to staff, and leads to the message's own page of the clinic.
    """
    url = f"{settings.PUBLIC_URL}{message.path}" if token is None else f"{settings.PUBLIC_URL}/inbox/{token}/"
    with translation.override(language.partition("-")[0]):
        context = {
            "message": message,
            "url": url,
            "choices_url": "" if token is None else f"{settings.PUBLIC_URL}/preferences/",
            "language": language.partition("-")[0],
        }
        return Mail(
            subject=message.subject,
            text=render_to_string("notifications/mail/text.txt", context),
            html=render_to_string("notifications/mail/page.html", context),
        )
