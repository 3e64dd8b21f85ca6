"""A laboratory, its patient and what it says: made-up, and small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from labs import service as labs
from steadwell import events
from steadwell.actor import Actor, Role, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId, UserId, new_id

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
LAB = system("labs.ingest")
SITE, ELSEWHERE = SiteId(new_id()), SiteId(new_id())
CLINICIAN = Actor(user_id=UserId(new_id()), roles=frozenset({Role.CLINICIAN}), site_ids=frozenset({SITE}))
STRANGER = Actor(user_id=UserId(new_id()), roles=frozenset({Role.CLINICIAN}), site_ids=frozenset({ELSEWHERE}))
DESK = Actor(user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}), site_ids=frozenset({SITE}))
ADMINISTRATOR = Actor(user_id=UserId(new_id()), roles=frozenset({Role.ADMINISTRATOR}))
POTASSIUM = labs.Coded(code="2823-3", text="Potassium", system="LN")
SODIUM = labs.Coded(code="2951-2", text="Sodium", system="LN")
PANEL = labs.Coded(code="24326-1", text="Electrolytes", system="LN")
_serial = count(1)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, tzinfo=UTC)


def number() -> str:
    """A new filler number."""
    return f"A{next(_serial)}"


def demographics(family: str = "Okafor", given: str = "Ada") -> identity.Demographics:
    return identity.Demographics(
        family_name=family, given_name=given, birth_date=date(1980, 3, 12), sex="female"
    )


def record_number(value: str) -> identity.Identifier:
    return identity.Identifier(system="clinic", type="MR", value=value)


def registered(value: str = "MR-1", **said: str) -> PersonId:
    """A patient whom the clinic itself registered."""
    return identity.register(
        actor=system("import"), source="steadwell", external_id=value, demographics=demographics(**said),
        identifiers=[record_number(value)], now=NOW - timedelta(days=30),
    )  # fmt: skip


def patient(value: str = "MR-1", *, external_id: str = "", **said: str) -> labs.IncomingPatient:
    """The same as the laboratory names them."""
    return labs.IncomingPatient(
        external_id=external_id or f"L-{value}",
        identifiers=(record_number(value),),
        demographics=demographics(**said),
    )


def potassium(value: str = "4.1", **more: Any) -> labs.IncomingObservation:
    return labs.IncomingObservation(
        **{
            "key": "2823-3", "code": POTASSIUM, "value_type": "NM", "value": value, "unit": "mmol/L",
            "range_text": "3.5-5.1", "status": labs.Status.FINAL,
        }
        | more
    )  # fmt: skip


def sodium(value: str = "140", **more: Any) -> labs.IncomingObservation:
    return potassium(value, **{"key": "2951-2", "code": SODIUM, "range_text": "136-145"} | more)


def report(*observations: labs.IncomingObservation, **more: Any) -> labs.IncomingReport:
    return labs.IncomingReport(
        **{
            "sender": "north-lab", "code": PANEL, "status": labs.Status.FINAL, "filler_number": number(),
            "patient": patient(), "issued_at": at(12), "sent_at": at(12, 5), "collected_at": at(9),
            "observations": observations or (potassium(),), "message_id": new_id(),
        }
        | more
    )  # fmt: skip


def file(said: labs.IncomingReport, *, now: datetime = NOW) -> labs.Filed:
    return labs.file_report(actor=LAB, report=said, now=now)


def file_all(several: Iterable[labs.IncomingReport]) -> labs.Filed:
    """One after the other, a minute apart; the last one's effect."""
    for turn, said in enumerate(several):
        filed = file(said, now=NOW + timedelta(minutes=turn))
    return filed


def again(
    said: labs.IncomingReport, *observations: labs.IncomingObservation, **more: Any
) -> labs.IncomingReport:
    return replace(said, **({"observations": observations} if observations else {}) | more)


def seen(filed: labs.Filed, *, actor: Actor = ADMINISTRATOR) -> labs.ReportView:
    return labs.get_report(actor=actor, report_id=filed.report_id, now=NOW)


def values(filed: labs.Filed) -> dict[str, tuple[str, str]]:
    """Of each result its value and status."""
    return {r.key: (r.value_text, r.status.value) for r in seen(filed).results}


def events_of(filed: labs.Filed) -> list[events.LabReportEvent]:
    """What was told of a report, in order."""
    kinds = {
        kind.name: kind
        for kind in (
            events.LabReportFiled, events.LabReportCorrected, events.LabCriticalFound,
            events.LabReportReleased,
        )
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, payload::text FROM outbox_outboxevent WHERE payload->>'report_id' = %s ORDER BY id",
            [str(filed.report_id)],
        )
        rows = cursor.fetchall()
    return [
        kinds[name](
            report_id=UUID(told["report_id"]), person_id=UUID(told["person_id"]), version=told["version"]
        )
        for name, payload in rows
        for told in [orjson.loads(payload)]
    ]
