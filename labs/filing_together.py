"""Several reports at once, with as many statements as one: what a busy laboratory sends.

It does what ``filing.file_report`` does, for first versions about patients who were named before, or by our
own id. Whatever else comes is left to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from labs import access, arriving, filing, identifying, recognising, storing, surroundings
from labs.filing import Filing, First
from labs.types import Filed, IncomingReport
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.outbox import service as outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plain:
    place: int
    filing: Filing
    first: First


def file_reports(
    *, actor: Actor, reports: Sequence[IncomingReport], now: datetime, traceparents: Sequence[str] = ()
) -> list[Filed | None]:
    """File those of several reports that are new and plain, in the caller's transaction; in the order given.

    None: nothing was done about that one, give it to ``file_report`` in this transaction. ``traceparents``:
    the trace that each belongs to. Raises Forbidden as ``file_report`` does, and Busy.
    """
    access.may_file(actor)
    if not connection.in_atomic_block:
        raise RuntimeError("Reports are filed together in their caller's transaction.")
    filed: list[Filed | None] = [None] * len(reports)
    plain = _plain(actor, reports, now)
    known = storing.insert_or_lock_many([each.first.report for each in plain]) if plain else {}
    new = [each for each in plain if known[_key(each)][1]]
    if not new:
        return filed
    storing.add_versions([each.filing.rows_of(each.first) for each in new])
    storing.add_documents(
        document for each in new for document in each.filing.documents(each.first.report["id"], 1)
    )
    told = [(each.place, event) for each in new for event in each.filing.told(each.first)]
    outbox.publish_many(
        [event for _, event in told], now=now,
        traceparents=[traceparents[place] for place, _ in told] if traceparents else (),
    )  # fmt: skip
    entries = []
    for each in new:
        state, report = each.first.state, each.first.report
        made = each.filing.filed(report["id"], "new", report, len(state.unread), state.critical)
        entries.append(each.filing.entry(made, report))
        filing.count(made)
        filed[each.place] = made
    audit.record_many(entries, actor=actor, now=now)
    return filed


def _key(each: _Plain) -> tuple[str, str]:
    return each.first.report["sender"], each.first.report["identity"]


def _plain(actor: Actor, reports: Sequence[IncomingReport], now: datetime) -> list[_Plain]:
    """Each report at most once: its second version of the same batch comes after the first."""
    chosen: dict[tuple[str, str], int] = {}
    orders: set[tuple[str, str, str]] = set()
    for place, report in enumerate(reports):
        if not filing.has_sender(report):
            continue
        order = (report.sender, report.placer_number, identifying.code_of(report))
        key = (report.sender, identifying.identity_of(report))
        # Two of one order are told apart, or not, one after the other.
        if key in chosen or (report.placer_number and order in orders):
            continue
        chosen[key] = place
        orders.add(order)
    places = list(chosen.values())
    around = surroundings.look([filing.asked_of(reports[place]) for place in places], now=now)
    recognised = recognising.recognise_repeats(
        [
            (reports[place].sender, reports[place].person_id or reports[place].patient, each.order)
            for place, each in zip(places, around, strict=True)
        ]
    )
    found = []
    for place, each, who in zip(places, around, recognised, strict=True):
        # What may be another report, or has no number to be told from others by, is for a closer look.
        if who is not None and not each.alike and reports[place].filler_number:
            arrival = arriving.read(reports[place], around=each, who=who, now=now)
            one = Filing(actor=actor, now=now, arrival=arrival, around=each, who=who)
            found.append(_Plain(place=place, filing=one, first=one.first()))
    return found
