"""What is held back, in the words of the policy row that holds it. There is no other wording anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from labs.patients_page import Site, Waiting
from labs.presenters import words
from steadwell.portal import service as portal


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingView:
    """``may_show``: the patient's own choice holds it, so they may look all the same."""

    report_id: UUID
    text: str
    until: str
    until_iso: str
    may_show: bool


def waiting(held: Waiting, site: Site) -> WaitingView:
    until = moment(held.ends_at, site.zone)
    sentence = held.words.get(words.language()) or held.words.get("en", "")
    return WaitingView(
        report_id=held.report_id,
        text=sentence.format_map({"until": until, "clinic": site.name}),
        until=until,
        until_iso=held.ends_at.isoformat(),
        may_show=held.is_own_choice,
    )


def moment(at: datetime, zone: str) -> str:
    return portal.moment_text(at, zone)
