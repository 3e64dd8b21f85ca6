"""A patient, who cares for them, and what the sources say: made-up, and small."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from medications import service as medications
from medications.models import Pharmacy
from medications.types import IncomingStatement, LineView, Source, StatementKind
from steadwell.actor import Actor, Role, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId, new_id

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
FEED = system("ehr.feed")
SITE, ELSEWHERE = SiteId(new_id()), SiteId(new_id())
LISINOPRIL = "lisinopril 10 MG Oral Tablet"
IBUPROFEN = "ibuprofen 200 MG Oral Tablet"
_serial = count(1)


def clinician(site: SiteId = SITE) -> Actor:
    return Actor(
        user_id=UserId(new_id()), roles=frozenset({Role.CLINICIAN}), site_ids=frozenset({site}),
        practitioner_id=PractitionerId(new_id()),
    )  # fmt: skip


DOCTOR, STRANGER = clinician(), clinician(ELSEWHERE)
DESK = Actor(user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}), site_ids=frozenset({SITE}))
MANAGER = Actor(user_id=UserId(new_id()), roles=frozenset({Role.MANAGER}), site_ids=frozenset({SITE}))


def person(family: str = "Okafor", born: date = date(1970, 3, 12)) -> PersonId:
    number = f"MR-{next(_serial)}"
    return identity.register(
        actor=system("import"), source="steadwell", external_id=number,
        demographics=identity.Demographics(
            family_name=family, given_name="Ada", birth_date=born, sex="female"
        ),
        identifiers=[identity.Identifier(system="clinic", type="MR", value=number)],
        now=NOW - timedelta(days=30),
    )  # fmt: skip


def patient(person_id: PersonId) -> Actor:
    return Actor(user_id=UserId(new_id()), roles=frozenset({Role.PATIENT}), person_id=person_id)


def proxy(person_id: PersonId) -> Actor:
    return Actor(user_id=UserId(new_id()), roles=frozenset({Role.PROXY}), proxy_for=frozenset({person_id}))


def key() -> str:
    return str(new_id())


def said(drug: str = LISINOPRIL, **more: Any) -> IncomingStatement:
    return IncomingStatement(
        **{
            "source": Source.EHR_A, "system": "ehr-a", "external_id": f"S{next(_serial)}", "drug_text": drug,
            "status_word": "active", "dosage_text": "Take 1 tablet by mouth daily",
            "said_at": NOW - timedelta(hours=1), "site_id": SITE, "kind": StatementKind.ORDER,
        }
        | more
    )  # fmt: skip


def file(person_id: PersonId, statement: IncomingStatement, *, now: datetime = NOW) -> medications.Filed:
    return medications.file_statement(actor=FEED, person_id=person_id, said=statement, now=now)


def listed(person_id: PersonId, *, actor: Actor = DOCTOR, now: datetime = NOW) -> tuple[LineView, ...]:
    return medications.get_list(actor=actor, person_id=person_id, now=now).lines


def only(person_id: PersonId) -> LineView:
    """The one line there is."""
    (line,) = listed(person_id)
    return line


def prescribed(person_id: PersonId, drug: str = LISINOPRIL, **more: Any) -> medications.StatementView:
    return medications.prescribe(
        **{
            "actor": DOCTOR, "person_id": person_id, "site_id": SITE, "drug_text": drug,
            "dosage_text": "Take 1 tablet daily", "quantity_text": "30 tablets", "refills": 3,
            "overrides": {}, "request_key": key(), "now": NOW,
        }
        | more
    )  # fmt: skip


def settled(line: LineView, **more: Any) -> LineView:
    return medications.settle_line(
        **{
            "actor": DOCTOR, "line_id": line.line_id, "seen_revision": line.revision,
            "status": medications.Status.ACTIVE, "dosage_text": "Take 1 tablet daily",
            "reason": "Asked the patient", "overrides": {}, "request_key": key(), "now": NOW,
        }
        | more
    )  # fmt: skip


def pharmacy(**more: Any) -> Pharmacy:
    number = next(_serial)
    return Pharmacy.objects.create(
        **{"ncpdp_id": f"99{number:05}", "name": "Harbor Pharmacy", "network": "default"} | more
    )
