"""What an older release could not read is read again by a newer one; what was understood stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from medicine_house import DOCTOR, LISINOPRIL, NOW, file, listed, only, person, said

from medications import rereading
from medications import service as medications
from medications.models import Statement, StatementVersion
from steadwell import events
from steadwell.outbox.service import DeliveryContext, DueRow

pytestmark = pytest.mark.django_db


def _context(minutes: int) -> DeliveryContext:
    return DeliveryContext(delivery_id=1, attempt=1, now=NOW + timedelta(minutes=minutes))


def _sweep() -> None:
    row = DueRow(kind=rereading.KIND, key="1", due_at=NOW, expires_at=None, about=None, payload={})
    rereading.sweep(row, _context(1))


def promised() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM outbox_outboxevent WHERE name = %s", [events.MedicationsReadAgainDue.name]
        )
        return cursor.fetchone()[0]


def test_unread_words_are_read_again_as_a_version_of_their_own():
    who = person()
    filed = file(who, said("a drug that no release knows"))
    file(who, said("the same as before", external_id="other"))
    # As if its words had been those of a drug that only the newer release knows.
    Statement.objects.filter(pk=filed.entity_id).update(drug_text=LISINOPRIL, release="older")

    _sweep()
    assert promised() == 1
    for minute in (2, 3):
        rereading.read_again(events.MedicationsReadAgainDue(person_id=who), _context(minute))

    line = next(line for line in listed(who) if line.rxcui)
    assert line.name == LISINOPRIL
    history = medications.list_versions(actor=DOCTOR, statement_id=filed.entity_id, now=NOW)
    assert [(v.version, v.standing, v.reason) for v in history] == [
        (1, "replaced", ""), (2, "current", "read-again"),
    ]  # fmt: skip
    assert history[1].content["release"] != "older"
    assert StatementVersion.objects.count() == 3


def test_what_was_understood_keeps_its_release():
    who = person()
    file(who, said())
    Statement.objects.update(release="older")

    _sweep()
    rereading.read_again(events.MedicationsReadAgainDue(person_id=who), _context(2))

    assert (promised(), only(who).evidence[0].statement.reading.release) == (0, "older")
