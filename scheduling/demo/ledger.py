"""What of the demo clinic's time is taken, and the rows to write."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from scheduling import availability
from scheduling.availability import DAY, moment
from scheduling.catalogue import VisitKind
from scheduling.demo.people import Patient
from steadwell.ids import PractitionerId, SiteId

_RANGE = "[)"


@dataclass(slots=True)
class Ledger:
    """What is taken, and the rows to write."""

    # By whose it is and the day (since 1970) it begins on; what is asked for is never longer than a day.
    busy: dict[tuple[UUID, int], list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    visits_of: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def free(self, who: UUID, start: int, end: int) -> bool:
        for day in range(start // DAY - 1, end // DAY + 1):
            for low, high in self.busy.get((who, day), ()):
                if low < end and high > start:
                    return False
        return True

    def take(self, who: UUID, start: int, end: int) -> None:
        for at in range(start, end, DAY):
            self.busy[who, at // DAY].append((at, min(end, at + DAY)))

    def claim(
        self, who: UUID, when: tuple[int, int], kind: str, *, owner: UUID, site_id: UUID | None = None
    ) -> None:
        self.take(who, *when)
        self.rows["claim"].append(
            {
                "claimant_id": who,
                "during": DateTimeTZRange(moment(when[0]), moment(when[1]), _RANGE),
                "kind": kind,
                "owner_id": owner,
                "site_id": site_id,
                "overbooked": False,
            }
        )

    def write(self) -> None:
        """By COPY: some ten thousand rows in a second."""
        for table in ("groupsession", "appointment", "appointmentversion", "seat", "claim"):
            rows = self.rows[table]
            if rows:
                columns = ", ".join(rows[0])
                with (
                    connection.cursor() as cursor,
                    cursor.copy(f"COPY scheduling_{table} ({columns}) FROM STDIN") as copy,
                ):
                    for row in rows:
                        copy.write_row(list(row.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place in the day of a clinician."""

    kind: VisitKind
    practitioner_id: PractitionerId
    site_id: SiteId
    start: int

    @property
    def end(self) -> int:
        return self.start + self.kind.length

    @property
    def around(self) -> tuple[int, int]:
        return self.start - self.kind.before, self.end + self.kind.after


def facts_of(slot: Slot, patient: Patient, rooms: tuple[UUID, ...], zone: str) -> dict[str, Any]:
    return {
        "person_id": patient.person_id,
        "visit_type_id": slot.kind.info.visit_type_id,
        "practitioner_id": slot.practitioner_id,
        "site_id": slot.site_id,
        "resource_ids": list(rooms),
        "starts_at": moment(slot.start),
        "ends_at": moment(slot.end),
        "time_zone": zone,
        "wall_start": availability.wall(zone, slot.start).replace(fold=0).isoformat(),
    }
