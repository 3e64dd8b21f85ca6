"""Every write of medications: as a whole or not at all, and once however often it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.db import connection
from medicine_house import (
    DOCTOR,
    FEED,
    NOW,
    file,
    listed,
    patient,
    person,
    pharmacy,
    prescribed,
    said,
    settled,
)

from medications import service as medications
from medications.models import Refill
from medications.types import IncomingAllergy, Placement, Source, Status, Taken
from steadwell.audit import service as audit

pytestmark = pytest.mark.django_db
ACETAMINOPHEN = "acetaminophen 325 MG Oral Tablet"
CETIRIZINE = "cetirizine hydrochloride 10 MG Oral Tablet"
TOLD = (
    "outbox_outboxevent",
    "outbox_outboxdelivery",
    "outbox_outboxdue",
    "outbox_requestkey",
    "audit_auditentry",
    "notifications_patientaction",
    "notifications_message",
)
VERBS = (
    "add_ approve_ change_ choose_ close_ decline_ end_ file_ keep_ note_ place_ prescribe report_ request_"
    " resend_ revert_ set_ settle_ withdraw_"
)


class World:
    """A patient with one of everything that can be changed."""

    def __init__(self) -> None:
        self.who = person()
        self.ada = patient(self.who)
        self.shop, self.other_shop = pharmacy(), pharmacy()
        filed = file(self.who, said("lisinopril 10 MG Oral Tablet"))
        self.filed = filed.entity_id
        self.unclear = file(self.who, said("lisinopril", source=Source.PHARMACY, system="rx")).entity_id
        self.own = self.act("add_medicine", person_id=self.who, drug_text=ACETAMINOPHEN)
        self.order = prescribed(self.who, CETIRIZINE)
        self.refills = [
            self._refill(drug) for drug in ("atorvastatin 10 MG Oral Tablet", "amlodipine 5 MG Oral Tablet")
        ]
        other = said("amlodipine", source=Source.EHR_B, system="b")
        self.other_unclear = file(self.who, other).entity_id
        self.allergy = self.act(
            "add_allergy", person_id=self.who, substance_text="penicillin", reaction_text="", severity=""
        )
        line = self.line("cetirizine")
        self.decided = settled(line)
        self.note = self.act(
            "note_dose", line_id=line.line_id, planned_at=None, taken=Taken.TAKEN, taken_at=NOW
        )
        self.reminder = self.act("set_reminder", line_id=line.line_id, at=time(8), zone="America/New_York")

    def _refill(self, drug: str) -> medications.RefillView:
        order = prescribed(self.who, drug)
        return self.act("request_refill", line_id=order.line_id, pharmacy_id=self.shop.pk)

    def line(self, name: str) -> medications.LineView:
        return next(each for each in listed(self.who) if each.name.startswith(name) and each.rxcui)

    def act(self, verb: str, **more: Any) -> Any:
        more = {"actor": self.ada, "now": NOW, "request_key": verb + str(more)} | more
        return getattr(medications, verb)(**more)


def _stuck(world: World) -> medications.RefillView:
    """A refill that no pharmacy answered."""
    Refill.objects.filter(pk=world.refills[1].refill_id).update(
        state="unanswered", decided_at=NOW, message_id=world.refills[1].refill_id
    )
    return medications.get_refill(actor=DOCTOR, refill_id=world.refills[1].refill_id, now=NOW)


def _by(actor: Any, verb: str, of: Callable[[World], dict[str, Any]]) -> Callable[[World], Callable[[], Any]]:
    def ready(world: World) -> Callable[[], Any]:
        given = {"actor": actor or world.ada, "request_key": "the same"} | of(world)
        return lambda: world.act(verb, **given)

    return ready


def _filed(verb: str, what: Callable[[], Any]) -> Callable[[World], Callable[[], Any]]:
    def ready(world: World) -> Callable[[], Any]:
        of = what()
        return lambda: getattr(medications, verb)(actor=FEED, person_id=world.who, said=of, now=NOW)

    return ready


def _placed(world: World, statement_id: Any, drug: str = "lisinopril 10") -> dict[str, Any]:
    return {
        "statement_id": statement_id, "seen_version": 1, "seen_decision": 0, "rxcui": world.line(drug).rxcui,
    }  # fmt: skip


WRITES: dict[str, Callable[[World], Callable[[], Any]]] = {
    "file_statement": _filed("file_statement", said),
    "file_allergy": _filed(
        "file_allergy",
        lambda: IncomingAllergy(
            source=Source.EHR_A, system="ehr-a", external_id="a", substance_text="latex", said_at=NOW
        ),
    ),
    "add_medicine": _by(None, "add_medicine", lambda w: {"person_id": w.who, "drug_text": CETIRIZINE}),
    "change_medicine": _by(None, "change_medicine", lambda w: {
        "statement_id": w.own.statement_id, "seen_version": 1, "drug_text": ACETAMINOPHEN,
        "dosage_text": "two", "status": Status.ACTIVE, "started_on": None, "ended_on": None,
        "reason_text": "",
    }),
    "report_stopped": _by(None, "report_stopped", lambda w: {
        "line_id": w.order.line_id, "seen_revision": w.decided.revision, "stopped_on": None,
        "reason": "dizzy",
    }),
    "add_allergy": _by(None, "add_allergy", lambda w: {
        "person_id": w.who, "substance_text": "latex", "reaction_text": "", "severity": "",
    }),
    "change_allergy": _by(None, "change_allergy", lambda w: {
        "allergy_id": w.allergy.allergy_id, "seen_version": 1, "substance_text": "penicillin",
        "reaction_text": "rash", "severity": "", "status": "active",
    }),
    "prescribe": _by(DOCTOR, "prescribe", lambda w: {
        "person_id": w.who, "site_id": next(iter(DOCTOR.site_ids)), "drug_text": "omeprazole 20 MG Delayed"
        " Release Oral Capsule", "dosage_text": "1 daily", "quantity_text": "", "refills": 0, "overrides": {},
    }),
    "change_order": _by(DOCTOR, "change_order", lambda w: {
        "statement_id": w.order.statement_id, "seen_version": 1, "dosage_text": "2 tablets daily",
        "status": Status.ACTIVE, "why": "More", "overrides": {},
    }),
    "settle_line": _by(DOCTOR, "settle_line", lambda w: {
        "line_id": w.order.line_id, "seen_revision": w.decided.revision, "status": Status.STOPPED,
        "dosage_text": "", "reason": "Asked", "overrides": {},
    }),
    "revert_decision": _by(DOCTOR, "revert_decision", lambda w: {
        "entity_id": w.order.line_id, "seen_version": 1, "reason": "No",
    }),
    "place_statement": _by(DOCTOR, "place_statement", lambda w: {
        **_placed(w, w.unclear), "reason": "Asked", "overrides": {},
    }),
    "place_statements": _by(DOCTOR, "place_statements", lambda w: {
        "person_id": w.who, "reason": "Asked",
        "placements": [
            Placement(**_placed(w, w.unclear)),
            Placement(**_placed(w, w.other_unclear, "amlodipine 5")),
        ],
    }),
    "keep_apart": _by(DOCTOR, "keep_apart", lambda w: {
        "statement_id": w.unclear, "seen_version": 1, "seen_decision": 0, "reason": "Asked",
    }),
    "note_dose": _by(None, "note_dose", lambda w: {
        "line_id": w.order.line_id, "planned_at": None, "taken": Taken.SKIPPED, "taken_at": NOW,
    }),
    "change_note": _by(None, "change_note", lambda w: {
        "entry_id": w.note.entry_id, "seen_version": 1, "taken": Taken.SKIPPED, "taken_at": NOW,
    }),
    "set_reminder": _by(None, "set_reminder", lambda w: {
        "line_id": w.order.line_id, "at": time(20), "zone": "America/New_York",
    }),
    "end_reminder": _by(None, "end_reminder", lambda w: {
        "reminder_id": w.reminder.reminder_id, "seen_version": 1,
    }),
    "request_refill": _by(None, "request_refill", lambda w: {
        "line_id": w.order.line_id, "pharmacy_id": w.shop.pk,
    }),
    "withdraw_refill": _by(None, "withdraw_refill", lambda w: {
        "refill_id": w.refills[0].refill_id, "seen_version": 1,
    }),
    "choose_pharmacy": _by(None, "choose_pharmacy", lambda w: {
        "person_id": w.who, "pharmacy_id": w.other_shop.pk,
    }),
    "approve_refill": _by(DOCTOR, "approve_refill", lambda w: {
        "refill_id": w.refills[0].refill_id, "seen_version": 1, "dosage_text": "2 daily", "overrides": {},
    }),
    "decline_refill": _by(DOCTOR, "decline_refill", lambda w: {
        "refill_id": w.refills[0].refill_id, "seen_version": 1, "reason": "Come to us first",
    }),
    "resend_refill": _by(DOCTOR, "resend_refill", lambda w: {
        "refill_id": _stuck(w).refill_id, "seen_version": 1,
    }),
    "close_refill": _by(DOCTOR, "close_refill", lambda w: {
        "refill_id": _stuck(w).refill_id, "seen_version": 1, "reason": "Nobody answers",
    }),
}  # fmt: skip


def _everything() -> dict[str, list[tuple[Any, ...]]]:
    tables = [model._meta.db_table for model in apps.get_app_config("medications").get_models()]
    found = {}
    with connection.cursor() as cursor:
        for table in (*tables, *TOLD):
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")
            found[table] = cursor.fetchall()
    return found


def test_no_write_is_forgotten_here():
    assert {name for name in medications.__all__ if name.startswith(tuple(VERBS.split()))} == set(WRITES)


@pytest.mark.parametrize("verb", sorted(WRITES))
def test_write_fails_as_a_whole_when_it_cannot_be_recorded(verb):
    act = WRITES[verb](World())
    before = _everything()

    with (
        mock.patch("steadwell.audit.recording._INSERT", "INSERT INTO no_such_table VALUES "),
        pytest.raises(audit.AuditUnavailable),
    ):
        act()

    assert _everything() == before
    act()  # and the same request is done once it can be
    assert _everything() != before


@pytest.mark.parametrize("verb", sorted(WRITES))
def test_write_repeated_answers_the_same_and_changes_nothing_more(verb):
    act = WRITES[verb](World())
    first = act()
    after = _everything()

    again = act()

    now = _everything()
    if not verb.startswith("file_"):
        assert again == first
    for table in ("medications_chart", "audit_auditentry"):  # that somebody asked again may stand there
        now.pop(table), after.pop(table)
    assert now == after
