from __future__ import annotations

import pytest
from hl7_messages import header, message, order, patient, report, result
from wire import registered
from working import receive, work

from fhir_facade.hl7v2 import quarantine
from fhir_facade.hl7v2.acks import Verdict
from fhir_facade.hl7v2.errors import MessageNotFound, NotQuarantined
from fhir_facade.hl7v2.models import Hl7Message, Hl7Outcome, Hl7Quarantine
from labs import service as labs
from steadwell import clock
from steadwell.actor import Actor, Role, system
from steadwell.audit.models import AuditEntry
from steadwell.errors import Forbidden, Invalid
from steadwell.ids import UserId, new_id
from steadwell.outbox.models import OutboxDelivery
from tests.impatient import impatient

pytestmark = pytest.mark.django_db(transaction=True)
ADMIN = Actor(user_id=UserId(new_id()), roles=frozenset({Role.ADMINISTRATOR}))


@pytest.fixture(autouse=True)
def north():
    return registered()


def filed() -> list[labs.ReportView]:
    now, actor = clock.now(), system("test")
    return [
        labs.get_report(actor=actor, report_id=report_id, now=now)
        for row in Hl7Outcome.objects.order_by("id")
        for report_id in row.report_ids
    ]


def test_message_becomes_a_report():
    receive(report("C1", result(flags="H"), result(2, code="2823-3^Potassium^LN", value="4.1")))

    work()

    (found,) = filed()
    assert [(each.loinc, each.value_text) for each in found.results] == [("2345-7", "5.4"), ("2823-3", "4.1")]
    assert Hl7Outcome.objects.get().outcome == "filed"
    assert not Hl7Quarantine.objects.exists()


def test_reading_again_changes_nothing():
    _, row = receive(report("C1"))
    work()

    quarantine.replay(actor=ADMIN, message_id=row.pk, now=clock.now())
    work()

    one, two = filed()
    assert (one.report_id, one.version) == (two.report_id, two.version) == (one.report_id, 1)


def test_correction_is_a_version_of_the_same_report():
    receive(report("C1"))
    work()
    receive(
        message(
            header("C2", at="20260302101500+0100"),
            patient(),
            order(status="C"),
            result(value="6.4", status="C"),
        )
    )
    work()

    first, last = filed()
    assert first.report_id == last.report_id
    assert (last.version, last.corrected, last.results[0].value_text) == (2, True, "6.4")


def test_one_report_that_cannot_be_filed_leaves_the_others():
    long = "X" * 300
    receive(
        message(
            header(),
            patient("1"),
            order("F-1"),
            result(),
            patient(name=f"{long}^{long}"),
            order("F-2"),
            result(),
        )
    )

    work()

    assert len(filed()) == 2


def test_message_without_a_report_waits_for_a_person():
    verdict, row = receive(message(header(), patient(), "ZZZ|1"))

    work()

    assert verdict is Verdict.ACCEPTED
    assert Hl7Outcome.objects.get().outcome == "failed"
    assert (Hl7Quarantine.objects.get().message_id, Hl7Quarantine.objects.get().reason) == (
        row.pk,
        "no-report",
    )


def test_repeat_of_a_message_that_failed_later_still_hears_what_the_first_heard():
    raw = message(header(), patient(), "ZZZ|1")
    receive(raw)
    work()

    verdict, _ = receive(raw)

    assert verdict is Verdict.ACCEPTED


def test_reused_control_id_is_filed_once_a_person_says_so():
    receive(report("C1"))
    verdict, row = receive(report("C1", result(value="8.8"), filler="F-2"))
    work()
    assert (verdict, len(filed())) == (Verdict.ASIDE, 1)

    quarantine.replay(actor=ADMIN, message_id=row.pk, now=clock.now())
    work()

    assert filed()[1].results[0].value_text == "8.8"
    assert Hl7Quarantine.objects.get().state == "replayed"


def test_unreadable_message_is_corrected_beside_the_original_and_read():
    broken = report("C1").replace(b"MSH|^~\\&", b"MSH|^^\\&")
    _, row = receive(broken)
    text = quarantine.text_of(broken).replace("MSH|^^\\&", "MSH|^~\\&")

    with pytest.raises(Invalid):
        quarantine.correct(
            actor=ADMIN, message_id=row.pk, text="still nothing", note="typing", now=clock.now()
        )
    made = quarantine.correct(actor=ADMIN, message_id=row.pk, text=text, note="separators", now=clock.now())
    work()

    assert bytes(Hl7Message.objects.get(pk=row.pk).body) == broken
    assert Hl7Message.objects.get(pk=made).corrects_id == row.pk
    assert filed()[0].results[0].value_text == "5.4"
    question = Hl7Quarantine.objects.get()
    assert (question.state, question.settled_by) == ("corrected", ADMIN.user_id)
    with pytest.raises(NotQuarantined):
        quarantine.correct(actor=ADMIN, message_id=row.pk, text=text, note="again", now=clock.now())


def test_corrected_text_keeps_the_characters_of_its_message():
    raw = message(
        header("", charset="8859/1"), patient(name="Müller^Zoë"), order(), result(), charset="latin-1"
    )
    _, row = receive(raw)
    text = quarantine.text_of(raw).replace("||P|", "|C9|P|").replace("R01||P", "R01|C9|P")

    with pytest.raises(Invalid):
        quarantine.correct(actor=ADMIN, message_id=row.pk, text=text + "NTE|1||山", note="x", now=clock.now())
    made = quarantine.correct(actor=ADMIN, message_id=row.pk, text=text, note="number", now=clock.now())

    assert "Müller".encode("latin-1") in bytes(Hl7Message.objects.get(pk=made).body)


def test_question_is_settled_with_a_reason_only():
    _, row = receive(b"not HL7")

    with pytest.raises(Invalid):
        quarantine.settle(actor=ADMIN, message_id=row.pk, note=" ", now=clock.now())
    quarantine.settle(actor=ADMIN, message_id=row.pk, note="a port scan", now=clock.now())

    with pytest.raises(NotQuarantined):
        quarantine.settle(actor=ADMIN, message_id=row.pk, note="again", now=clock.now())
    entry = AuditEntry.objects.get(action="hl7_message.settle")
    assert (entry.user_id, entry.reason, entry.entity_id) == (ADMIN.user_id, "a port scan", row.pk)


def test_only_administrators_touch_the_quarantine():
    _, row = receive(b"not HL7")
    clinician = Actor(user_id=UserId(new_id()), roles=frozenset({Role.CLINICIAN}))

    for act in (
        lambda: quarantine.replay(actor=clinician, message_id=row.pk, now=clock.now()),
        lambda: quarantine.settle(actor=clinician, message_id=row.pk, note="x", now=clock.now()),
        lambda: quarantine.correct(actor=clinician, message_id=row.pk, text="x", note="x", now=clock.now()),
    ):
        with pytest.raises(Forbidden):
            act()
    with pytest.raises(MessageNotFound):
        quarantine.replay(actor=ADMIN, message_id=new_id(), now=clock.now())


def test_database_that_is_busy_is_asked_again(owner_connection):
    receive(report("C1"))

    with owner_connection.transaction():
        owner_connection.execute("LOCK TABLE labs_report IN ACCESS EXCLUSIVE MODE")
        with impatient():
            work()

    delivery = OutboxDelivery.objects.get(consumer="hl7.read")
    assert (delivery.state, delivery.attempts) == ("waiting", 1)
