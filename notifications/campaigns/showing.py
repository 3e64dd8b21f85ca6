"""Campaigns as the pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from notifications import ports, presenters
from notifications.campaigns import access
from notifications.campaigns.forms import ACCOUNTS, SEEN, SEXES
from notifications.campaigns.running import AT_ONCE
from notifications.models.campaigns import CampaignState, RecipientState
from notifications.types import CampaignView, Invited, InvitedGroup
from steadwell.identity.service import PersonSummary
from steadwell.ids import PersonId, SiteId, VisitTypeId
from steadwell.portal.service import day_text, moment_text, own_moment_text

_KINDS = {"running": "accent", "done": "good", "paused": "warn", "stopped": "bad", "planned": "accent"}
WAYS: Mapping[str, str | Promise] = {
    "email": gettext_lazy("e-mail"),
    "sms": gettext_lazy("text message"),
    "push": gettext_lazy("devices"),
}
WORDS: Mapping[str, tuple[str | Promise, str]] = {
    "plan": (gettext_lazy("Work out who is told"), "button--second"),
    "start": (gettext_lazy("Start telling them"), ""),
    "pause": (gettext_lazy("Pause"), "button--second"),
    "resume": (pgettext_lazy("a campaign", "Go on"), ""),
    "stop": (gettext_lazy("Stop for good"), "button--danger"),
}
POSSIBLE: Mapping[str, tuple[str, ...]] = {
    CampaignState.DRAFT: ("plan", "stop"),
    CampaignState.PLANNING: ("stop",),
    CampaignState.PLANNED: ("start", "plan", "stop"),
    CampaignState.RUNNING: ("pause", "stop"),
    CampaignState.PAUSED: ("resume", "stop"),
    CampaignState.STOPPED: (),
    CampaignState.DONE: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A campaign in the list."""

    url: str
    name: str
    message: str
    state: str
    kind: str
    since: str


def line(found: CampaignView) -> Line:
    return Line(
        url=reverse("notifications_campaign", kwargs={"campaign_id": found.campaign_id}),
        name=found.name,
        message=presenters.template_name(found.template),
        state=str(CampaignState(found.state).label),
        kind=_KINDS.get(found.state, ""),
        since=own_moment_text(found.created_at),
    )


def facts(found: CampaignView, *, now: datetime) -> list[tuple[str, str]]:
    """What it says to whom, as term and value; what was not asked for is left out."""
    said, clinic = found.criteria, ports.clinic()
    site = SiteId(UUID(str(said["site_id"]))) if "site_id" in said else None
    kind = VisitTypeId(UUID(str(said["visit_type_id"]))) if "visit_type_id" in said else None
    seen = ""
    if "seen" in said:
        day = day_text(date.fromisoformat(str(said["seen_on"])))
        seen = f"{SEEN[str(said['seen'])]}: {day}"
    return [
        (gettext("Message"), presenters.template_name(found.template)),
        (gettext("Age"), _ages(said)),
        (gettext("Sex"), str(SEXES[str(said["sex"])]) if "sex" in said else ""),
        (gettext("Language"), _language(str(said.get("language", "")))),
        (gettext("Clinic"), clinic.site_names(now=now).get(site, "") if site else ""),
        (gettext("Kind of visit"), clinic.visit_type_names(now=now).get(kind, "") if kind else ""),
        (gettext("Last seen"), seen),
        (gettext("Account"), str(ACCOUNTS[str(said["account"])]) if "account" in said else ""),
        (gettext("People a minute"), str(found.per_minute)),
    ]


def timing(found: CampaignView, *, now: datetime, zone: str) -> str:
    """From when until when those who wait are told."""
    last = access.last_at(found, at_once=AT_ONCE, now=now)
    if last is None:
        return ""
    words = {"last": moment_text(last, zone)}
    return gettext("If it starts now, the last of them is told by %(last)s.") % words


def groups(rows: Iterable[InvitedGroup]) -> list[dict[str, object]]:
    return [
        {"language": _language(row.language), "ways": _ways(row.ways), "people": row.people} for row in rows
    ]


def invited(rows: Iterable[Invited], names: Mapping[PersonId, PersonSummary]) -> list[dict[str, str]]:
    return [
        {
            "name": names[row.person_id].full_name if row.person_id in names else "",
            "number": names[row.person_id].number if row.person_id in names else "",
            "language": _language(row.language),
            "ways": _ways(row.ways),
            "state": str(RecipientState(row.state).label),
        }
        for row in rows
    ]


def _ages(said: Mapping[str, str | int]) -> str:
    low, high = said.get("min_age"), said.get("max_age")
    if low is None and high is None:
        return ""
    if high is None:
        return gettext("%(age)s and older") % {"age": low}
    if low is None:
        return gettext("%(age)s and younger") % {"age": high}
    return f"{low}–{high}"


def _language(code: str) -> str:
    return dict(settings.LANGUAGES).get(code.partition("-")[0], code)


def _ways(ways: tuple[str, ...]) -> str:
    return ", ".join(str(WAYS[way]) for way in ways) or gettext("in the portal only")
