"""Three weeks that were and six that come, walked through day by day as the clinic would fill up."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from scheduling import catalogue, offers
from scheduling.availability import moment
from scheduling.catalogue import Catalogue
from scheduling.demo import clinic
from scheduling.demo.clinicians import CLINICIANS, Clinician
from scheduling.demo.ledger import Ledger, Slot, facts_of
from scheduling.demo.people import KNOWN, NAMESPACE, Patient
from scheduling.status import Status
from steadwell.ids import SiteId

PAST, AHEAD = 21, 42
_DONE = ["book", "arrive", "start", "complete"]
_STATUS_OF = {
    "book": "booked",
    "request": "pending",
    "check-in": "checked-in",
    "arrive": "arrived",
    "start": "in-progress",
    "complete": "fulfilled",
    "no-show": "noshow",
    "cancel": "cancelled",
}


class Filler:
    """Walks through the weeks. The same clinic on the same day comes out the same."""

    def __init__(self, patients: list[Patient], now: datetime) -> None:
        self.known: Catalogue = catalogue.load()
        self.now = now
        self.chance = random.Random("steadwell visits")  # noqa: S311 - a made-up clinic, not a secret
        self.ledger = Ledger()
        self.patients = patients
        self.pools: dict[tuple[SiteId, str], tuple[list[Patient], list[Patient]]] = {}
        self.story = {patient.person_id for patient in patients[: len(KNOWN)]}
        for practitioner_id, low, high, _ in clinic.leaves(now.date()):
            self.ledger.take(practitioner_id, int(low.timestamp()), int(high.timestamp()))

    def fill(self) -> Ledger:
        self._tell_the_story()
        today = self.now.date()
        for number in range(-PAST, AHEAD):
            on = today + timedelta(days=number)
            for each in CLINICIANS:
                for site_id in sorted(self.known.practitioners[each.id].site_ids):
                    self._fill_day(each, site_id, on, self._load(number))
        return self.ledger

    def _load(self, days_ahead: int) -> float:
        """How full a day is: the past nearly, tomorrow mostly, in six weeks hardly."""
        return 0.7 if days_ahead < 0 else max(0.12, 0.72 - 0.022 * days_ahead)

    def _fill_day(self, each: Clinician, site_id: SiteId, on: date, load: float) -> None:
        kinds = [kind for kind in self.known.visit_types.values() if kind.info.speciality == each.speciality]
        plans = {kind.info.code: offers.plan(self.known, kind, each.id, site_id, on).starts for kind in kinds}
        starts = sorted({start for plan in plans.values() for start in plan})
        at = 0
        for start in starts:
            fitting = [kind for kind in kinds if start in plans[kind.info.code]]
            if start < at or not fitting:
                continue
            kind = self.chance.choice(fitting)
            slot = Slot(kind=kind, practitioner_id=each.id, site_id=site_id, start=start)
            if kind.info.capacity > 1:
                self._fill_group(slot, load)
                at = slot.end
            elif self.chance.random() < load and self._take(slot, self._somebody(slot)):
                at = slot.around[1]
            else:
                at = start + 1200

    def _somebody(self, slot: Slot) -> Patient | None:
        """Mostly somebody from nearby."""
        near, anywhere = self._pools(slot.site_id, slot.kind.info.speciality)
        for _ in range(12):
            patient = self.chance.choice(near if self.chance.random() < 0.9 else anywhere)
            if self.ledger.visits_of[patient.person_id] < 8 and self.ledger.free(
                patient.person_id, slot.start - 3600, slot.end + 3600
            ):
                return patient
        return None

    def _pools(self, site_id: SiteId, speciality: str) -> tuple[list[Patient], list[Patient]]:
        key = (site_id, speciality)
        if key not in self.pools:
            site = next(number for number in range(3) if clinic.site_id(number) == site_id)
            fitting = [p for p in self.patients if p.person_id not in self.story and _suits(p, speciality)]
            self.pools[key] = ([p for p in fitting if p.home == site], fitting)
        return self.pools[key]

    def _take(
        self, slot: Slot, patient: Patient | None, *, moves: list[str] | None = None, note: str = ""
    ) -> bool:
        rooms = self._rooms(slot)
        if patient is None or rooms is None or not self.ledger.free(slot.practitioner_id, *slot.around):
            return False
        moves = moves or self._moves(slot)
        visit_id = self._write(slot, patient, rooms, moves, note=note)
        if moves[-1] != "cancel":
            for each in [slot.practitioner_id, *rooms]:
                kind = "practitioner" if each == slot.practitioner_id else "resource"
                self.ledger.claim(each, slot.around, kind, owner=visit_id)
        return True

    def _fill_group(self, slot: Slot, load: float) -> None:
        rooms = self._rooms(slot)
        if rooms is None or not self.ledger.free(slot.practitioner_id, *slot.around):
            return
        session: dict[str, Any] = {
            "id": self._id(),
            "visit_type_id": slot.kind.info.visit_type_id,
            "practitioner_id": slot.practitioner_id,
            "site_id": slot.site_id,
            "starts_at": moment(slot.start),
            "ends_at": moment(slot.end),
            "capacity": slot.kind.info.capacity,
            "resource_ids": list(rooms),
        }
        guests = [self._somebody(slot) for _ in range(round(slot.kind.info.capacity * min(1.0, load + 0.2)))]
        chosen = {guest.person_id: guest for guest in guests if guest is not None}
        if not chosen:
            return
        self.ledger.rows["groupsession"].append(session)
        for number, guest in enumerate(chosen.values(), start=1):
            moves = ["book"] if slot.start > self.now.timestamp() else list(_DONE)
            visit_id = self._write(slot, guest, rooms, moves, session_id=session["id"])
            self.ledger.rows["seat"].append(
                {
                    "session_id": session["id"],
                    "number": number,
                    "capacity": session["capacity"],
                    "owner_id": visit_id,
                }
            )
        for each in [slot.practitioner_id, *rooms]:
            kind = "practitioner" if each == slot.practitioner_id else "resource"
            self.ledger.claim(each, slot.around, kind, owner=session["id"])

    def _moves(self, slot: Slot) -> list[str]:
        """How the visit went, or how far it is by now."""
        present, luck = self.now.timestamp(), self.chance.random()
        if slot.end <= present:
            if luck < 0.06:
                return ["book", "cancel"]
            return ["book", "no-show"] if luck < 0.11 else list(_DONE)
        if slot.start <= present:
            return ["book", "arrive", "start"]
        if slot.start - present < 1800:
            return ["book", "arrive"]
        if slot.start - present < 7200 and luck < 0.5:
            return ["book", "check-in"]
        if luck < 0.05:
            return ["book", "cancel"]
        waits = self.known.sites[slot.site_id].mode == "request" and luck < 0.15
        return ["request"] if waits else ["book"]

    def _rooms(self, slot: Slot) -> tuple[UUID, ...] | None:
        chosen: list[UUID] = []
        at_site = self.known.resources.get(slot.site_id, {})
        for kind in slot.kind.resource_kinds:
            free = [room for room in at_site.get(kind, ()) if self.ledger.free(room, *slot.around)]
            if not free:
                return None
            chosen.append(free[0])
        return tuple(chosen)

    def _write(
        self,
        slot: Slot,
        patient: Patient,
        rooms: tuple[UUID, ...],
        moves: list[str],
        *,
        session_id: UUID | None = None,
        note: str = "",
    ) -> UUID:
        visit_id, zone = self._id(), self.known.sites[slot.site_id].time_zone
        booked_at = min(self.now, moment(slot.start)) - timedelta(
            days=self.chance.randrange(2, 20), minutes=slot.start % 97
        )
        facts = facts_of(slot, patient, rooms, zone)
        status = _STATUS_OF[moves[-1]]
        called_off = status == Status.CANCELLED
        by_patient = called_off and self.chance.random() < 0.7
        self.ledger.rows["appointment"].append(
            dict(
                id=visit_id,
                session_id=session_id,
                status=status,
                version=len(moves),
                note=note,
                booked_at=booked_at,
                cancelled_by=("patient" if by_patient else "clinic") if called_off else "",
                cancel_reason="" if by_patient or not called_off else "The clinician was away",
                rebook_offered=False,
                overbooked=False,
                **facts,
            )
        )
        self._write_versions(visit_id, slot, moves, booked_at, facts)
        if not called_off:
            self.ledger.visits_of[patient.person_id] += 1
            span = (slot.start, slot.end)
            self.ledger.claim(patient.person_id, span, "patient", owner=visit_id, site_id=slot.site_id)
        return visit_id

    def _write_versions(
        self, visit_id: UUID, slot: Slot, moves: list[str], booked_at: datetime, facts: dict[str, Any]
    ) -> None:
        for number, move in enumerate(moves, start=1):
            at = booked_at if number == 1 else self._moment_of(move, slot, booked_at)
            self.ledger.rows["appointmentversion"].append(
                dict(
                    entity_id=visit_id,
                    version=number,
                    supersedes=number - 1 or None,
                    valid_from=at,
                    recorded_at=at,
                    recorded_role="system",
                    source="demo",
                    reason="",
                    move=move,
                    status=_STATUS_OF[move],
                    **facts,
                )
            )

    def _moment_of(self, move: str, slot: Slot, booked_at: datetime) -> datetime:
        offset = {
            "check-in": -5400,
            "arrive": -420,
            "start": 120,
            "complete": slot.kind.length - 60,
            "no-show": 900,
        }
        if move == "cancel":
            return booked_at + timedelta(hours=20)
        return min(self.now, moment(slot.start + offset.get(move, 0)))

    def _id(self) -> UUID:
        return uuid5(NAMESPACE, f"row:{self.chance.getrandbits(64)}")

    def _tell_the_story(self) -> None:
        """The visits of those who sign in."""
        maria, daniel, grace, _robert, noah = self.patients[: len(KNOWN)]
        self._place(maria, "family-visit", 1, days=1, note="My cough is back.")
        self._place(maria, "check-up", 1, days=-12, moves=list(_DONE))
        self._place(maria, "skin-check", 12, days=9)
        self._place(daniel, "family-video", 0, days=6)
        self._place(daniel, "first-talk", 9, days=8, moves=["request"])
        self._place(daniel, "family-visit", 0, days=-15, moves=list(_DONE))
        self._place(grace, "physio", 10, days=11)
        self._place(noah, "child-check-up", 5, days=4)
        self._place(noah, "child-visit", 5, days=-9, moves=list(_DONE))

    def _place(
        self,
        patient: Patient,
        code: str,
        clinician: int,
        *,
        days: int,
        moves: list[str] | None = None,
        note: str = "",
    ) -> None:
        """The first free start on or after that day."""
        kind = self.known.visit_types[clinic.visit_type_id(code)]  # type: ignore[index]
        each = CLINICIANS[clinician]
        for number in range(30):
            on = self.now.date() + timedelta(days=days + number if days > 0 else days - number)
            for site_id in sorted(self.known.practitioners[each.id].site_ids):
                starts = offers.plan(self.known, kind, each.id, site_id, on).starts
                for start in starts[2:] or starts:
                    slot = Slot(kind=kind, practitioner_id=each.id, site_id=site_id, start=start)
                    if self._take(slot, patient, moves=moves or ["book"], note=note):
                        return


def _suits(patient: Patient, speciality: str) -> bool:
    if speciality == "paediatrics":
        return patient.age < 17
    if speciality == "womens-health":
        return patient.sex == "female" and 15 < patient.age < 75
    return patient.age > 16
