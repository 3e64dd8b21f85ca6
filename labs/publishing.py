"""What labs tells: what a reader would see changed, as ids, in the transaction of the change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from labs import status
from labs.current import State
from labs.settling import Why
from labs.types import CRITICAL_FLAGS
from steadwell import events
from steadwell.outbox import service as outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one more version made of a report. ``keys`` are the observations whose row changes."""

    effect: str  # version or older
    keys: Collection[str]
    visible: bool
    corrected: bool
    critical: bool


def compare(before: State, after: State, *, number: int) -> Change:
    """By what was shown before and is now: a final value that came after its correction corrects nothing."""
    keys = [key for key, now in after.results.items() if now != before.results.get(key)]
    visible = [key for key in keys if _shown(before, key) != _shown(after, key)]
    heading = (before.status, before.heading.digest) != (after.status, after.heading.digest)
    return Change(
        effect="version" if visible or heading or after.heading.version == number else "older",
        keys=keys,
        visible=bool(visible) or heading,
        corrected=any(_corrects(before, after, key) for key in visible),
        critical=any(_newly_critical(before, after, key) for key in visible),
    )


def _shown(state: State, key: str) -> tuple[object, ...] | None:
    found = state.results.get(key)
    if found is None:
        return None
    reread = found.version if found.why is Why.REREAD else None
    return (found.digest, found.status, found.corrected, state.word(key).flag, reread)


def _corrects(before: State, after: State, key: str) -> bool:
    old, new = before.results.get(key), after.results[key]
    if old is None or old.status not in status.FINAL:
        return False
    reread = new.why is Why.REREAD and new.version != old.version
    return new.digest != old.digest or new.status in status.CLOSED or reread


def _newly_critical(before: State, after: State, key: str) -> bool:
    if after.flag(key) not in CRITICAL_FLAGS:
        return False
    known = key in before.results and before.flag(key) in CRITICAL_FLAGS
    return not known or before.results[key].digest != after.results[key].digest


def told_new(*, report_id: UUID, person_id: UUID | None, state: State) -> list[events.Event]:
    first = Change(effect="new", keys=(), visible=True, corrected=False, critical=state.critical)
    return told(report_id=report_id, person_id=person_id, version=1, change=first, found_patient=False)


def told(
    *, report_id: UUID, person_id: UUID | None, version: int, change: Change, found_patient: bool
) -> list[events.Event]:
    """While a report waits for its patient only its critical results are told."""
    names: dict[str, Any] = {
        "report_id": report_id,
        "person_id": person_id or events.NOBODY,
        "version": version,
    }
    found: list[events.Event] = []
    if change.critical:
        found.append(events.LabCriticalFound(**names))
    if person_id is not None and (change.visible or found_patient):
        found.append(events.LabReportFiled(**names))
    if person_id is not None and change.corrected:
        found.append(events.LabReportCorrected(**names))
    return found


def tell_found(*, report_id: UUID, person_id: UUID, version: int, now: datetime) -> None:
    """A report that waited has its patient: now its readers hear of it."""
    outbox.publish(events.LabReportFiled(report_id=report_id, person_id=person_id, version=version), now=now)
