"""A report without a patient, in words for staff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from labs.recognising import Wait
from labs.types import WaitingReport
from steadwell.identity.service import PersonSummary
from steadwell.ids import SiteId
from steadwell.portal import service as portal

REASONS: Mapping[str, Promise] = {
    Wait.NOT_SAID: _lazy("The laboratory did not say whose it is."),
    Wait.UNREADABLE: _lazy("What the laboratory said about the patient could not be read."),
    Wait.UNKNOWN: _lazy("No patient of ours has the number that the laboratory sent."),
    Wait.ANOTHERS_ORDER: _lazy("It answers an order that was placed for somebody else."),
    Wait.PATIENTS_DIFFER: _lazy("The laboratory's messages about it name different patients."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    title: str
    born: str
    sender: str
    site: str
    test: str
    why: str
    since: str
    iso: str
    is_critical: bool
    url: str


def waiting_rows(
    waiting: Iterable[WaitingReport], *, sites: Mapping[SiteId, str], zone: str
) -> list[WaitingRow]:
    return [waiting_row(each, sites=sites, zone=zone) for each in waiting]


def waiting_row(each: WaitingReport, *, sites: Mapping[SiteId, str], zone: str) -> WaitingRow:
    said = each.said
    return WaitingRow(
        title=name_of(said) if said else _("Patient not named"),
        born=born(said),
        sender=each.sender,
        site=sites.get(each.site_id, "") if each.site_id else _("No clinic named"),
        test=each.name,
        why=str(REASONS.get(each.reason, "")),
        since=_moment(each.received_at, zone),
        iso=each.received_at.isoformat(),
        is_critical=each.critical,
        url=reverse("clinic-labs:match", args=[each.report_id]),
    )


def facts(row: WaitingRow) -> list[tuple[str, str]]:
    """What is known, for the list of terms."""
    found = [
        (_("Patient, as the laboratory wrote"), row.title), (_("Birth date"), row.born),
        (_("Laboratory"), row.sender), (_("Test"), row.test), (_("Clinic"), row.site),
        (_("Received"), row.since),
    ]  # fmt: skip
    return [(term, text) for term, text in found if text]


def name_of(person: PersonSummary) -> str:
    return ", ".join(filter(None, (person.family_name, person.given_name)))


def born(person: PersonSummary | None) -> str:
    return portal.day_text(person.birth_date, "day-short-year") if person and person.birth_date else ""


def choice_of(person: PersonSummary) -> str:
    """One person in a line of choices."""
    return " · ".join(filter(None, (name_of(person), born(person), person.number, person.phone)))


def _moment(at: datetime, zone: str) -> str:
    return portal.moment_text(at, zone)
