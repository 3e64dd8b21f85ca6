"""Refills from the two taps to the pharmacy's word, with a pharmacy in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from medicine_house import (
    DESK,
    DOCTOR,
    SITE,
    STRANGER,
    clinician,
    file,
    key,
    listed,
    only,
    patient,
    person,
    pharmacy,
    prescribed,
    said,
    settled,
)
from pharmacy_house import TOKEN, Pharmacy, mailbox, simulated, work

from medications import metrics
from medications import service as medications
from medications.models import PharmacyMessage, Refill, SafetyCheck
from medications.refills import steps
from medications.types import RefillState, RefillView, Status
from steadwell import clock, events
from steadwell.mail.breaker import breaker_of
from steadwell.outbox import service as outbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def network() -> Iterator[Pharmacy]:
    with simulated() as found:
        yield found


@pytest.fixture(autouse=True)
def _connected(network, settings):
    settings.PHARMACY_NETWORKS = {"default": (network.address, TOKEN)}
    settings.PHARMACY_TIMEOUT = 30
    network.control(behaviour="fill", hang_seconds=3)
    breaker_of.cache_clear()


def asked(**more) -> RefillView:
    who = person()
    file(who, said(said_at=clock.now() - timedelta(days=1)), now=clock.now())
    return medications.request_refill(
        **{
            "actor": patient(who), "line_id": only(who).line_id, "pharmacy_id": pharmacy().pk,
            "request_key": key(), "now": clock.now(),
        }
        | more
    )  # fmt: skip


def approved(view: RefillView, **more) -> RefillView:
    return medications.approve_refill(
        **{
            "actor": DOCTOR, "refill_id": view.refill_id, "seen_version": view.version, "overrides": {},
            "request_key": key(), "now": clock.now(),
        }
        | more
    )  # fmt: skip


def state(view: RefillView) -> str:
    return Refill.objects.values_list("state", flat=True).get(pk=view.refill_id)


def told(view: RefillView) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT template FROM notifications_message WHERE about = %s AND channel = 'in-app'"
            " ORDER BY told_at",
            [view.refill_id],
        )
        return [row[0] for row in cursor.fetchall()]


def owed() -> list[str]:
    """How the promises to patients stand, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state FROM notifications_patientaction WHERE kind = 'refill' ORDER BY opened_at"
        )
        return [row[0] for row in cursor.fetchall()]


def test_two_taps_to_the_pharmacys_word_that_it_is_ready(network):
    view = asked()
    assert [
        r.refill_id for r in medications.list_refill_queue(actor=DOCTOR, site_id=SITE, now=clock.now())
    ] == [view.refill_id]

    approved(view)
    work()
    assert state(view) == RefillState.ACCEPTED
    assert owed() == ["open"]
    mailbox()
    assert owed() == ["done"]

    found = medications.get_refill(actor=DOCTOR, refill_id=view.refill_id, now=clock.now())
    assert [s.step for s in found.steps] == ["requested", "approved", "handed", "accepted", "filled"]
    assert told(view) == ["refill.sent", "refill.ready"]
    line = only(found.person_id)
    assert [e.statement.kind.value for e in line.evidence] == ["order", "dispense"]
    assert found.check is not None
    assert SafetyCheck.objects.filter(about=view.refill_id, act="refill").count() == 1
    assert metrics.throughput(clock.now()) == {"filled-last-hour": 1, "under-way": 0}
    assert metrics.oldest(clock.now())["refill-decision"] == 0


@pytest.mark.parametrize(
    ("behaviour", "ends"),
    [("refuse", RefillState.PHARMACY_REFUSED), ("refuse-later", RefillState.PHARMACY_REFUSED)],
)
def test_a_pharmacys_refusal_reaches_patient_and_staff(network, behaviour, ends):
    network.control(behaviour=behaviour)
    view = approved(asked())

    work()
    mailbox()

    assert state(view) == ends
    assert told(view)[-1] == "refill.delayed"
    assert owed() == ["told"]
    queue = medications.list_refill_queue(actor=DOCTOR, site_id=SITE, now=clock.now())
    assert [(r.refill_id, bool(r.reason)) for r in queue] == [(view.refill_id, True)]


def test_said_twice_and_late_counts_once(network):
    network.control(behaviour="duplicate")
    view = approved(asked())

    work()
    mailbox()
    mailbox()

    assert state(view) == RefillState.FILLED
    effects = PharmacyMessage.objects.filter(refill_id=view.refill_id, direction="in").values_list(
        "effect", flat=True
    )
    assert sorted(effects) == ["accepted", "duplicate", "duplicate", "filled"]
    assert len(only(view.person_id).evidence) == 2


def test_lost_request_drill(network):
    """The pharmacy takes it and says nothing: retried with the same message, then both sides are told; the
    answer that comes after all still counts.
    """
    network.control(behaviour="late")
    began = clock.now()
    view = approved(asked())
    work()
    assert state(view) == RefillState.SENT

    for hours in (5, 10):
        work(began + timedelta(hours=hours))
        assert state(view) == RefillState.SENT
    work(began + timedelta(hours=15))

    assert state(view) == RefillState.UNANSWERED
    assert list(network.control()["taken"].values())[-1] == 3  # one message, three times
    assert told(view)[-1] == "refill.delayed"
    assert (
        medications.list_refill_queue(actor=DOCTOR, site_id=SITE, now=clock.now())[0].refill_id
        == view.refill_id
    )
    network.control(release=True)
    mailbox(began + timedelta(hours=16))
    assert state(view) == RefillState.FILLED
    assert network.control()["filled"][str(Refill.objects.get(pk=view.refill_id).message_id)] == 1


@pytest.mark.parametrize("behaviour", ["fail", "hang", "drop"])
def test_a_call_that_breaks_is_tried_again_as_the_same_message(network, behaviour, settings):
    settings.PHARMACY_TIMEOUT = 1 if behaviour == "hang" else 30
    network.control(behaviour=behaviour)
    view = approved(asked())
    work(rounds=1)
    assert state(view) == RefillState.APPROVED

    network.control(behaviour="fill")
    settings.PHARMACY_TIMEOUT = 30
    work(clock.now() + timedelta(hours=1))
    mailbox(clock.now() + timedelta(hours=1))

    assert state(view) == RefillState.FILLED
    message = str(Refill.objects.get(pk=view.refill_id).message_id)
    assert network.control()["filled"][message] == 1


def test_a_network_that_is_away_ends_with_people_not_in_quarantine(settings):
    settings.PHARMACY_NETWORKS = {"default": ("http://127.0.0.1:9", TOKEN)}
    began = clock.now()
    view = approved(asked())

    for hours in range(0, 40):
        work(began + timedelta(hours=hours))

    assert state(view) == RefillState.UNANSWERED
    assert outbox.quarantined_count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_outboxdelivery WHERE state = 'quarantined'")
        assert cursor.fetchone()[0] == 0


def test_a_change_is_the_orders_next_version(network):
    view = asked()

    approved(view, dosage_text="Take 2 tablets daily", reason="Pressure too high")
    work()

    line = only(view.person_id)
    assert [e.statement.dosage.text for e in line.evidence] == [
        "Take 1 tablet by mouth daily", "Take 2 tablets daily",
    ]  # fmt: skip
    assert [c.what for c in line.conflicts] == ["dose"]  # another system's order stays in its own words
    body = PharmacyMessage.objects.get(direction="out").body
    assert (
        body["Message"]["Body"]["NewRx"]["MedicationPrescribed"]["Sig"]["SigText"] == "Take 2 tablets daily"
    )


def test_declining_needs_a_reason_and_the_patient_reads_it():
    view = asked()
    with pytest.raises(medications.RefusalNeedsReason):
        medications.decline_refill(
            actor=DOCTOR,
            refill_id=view.refill_id,
            seen_version=1,
            reason=" ",
            request_key=key(),
            now=clock.now(),
        )

    medications.decline_refill(
        actor=DOCTOR, refill_id=view.refill_id, seen_version=1, reason="Come in first", request_key=key(),
        now=clock.now(),
    )  # fmt: skip
    work()

    found = medications.get_refill(actor=patient(view.person_id), refill_id=view.refill_id, now=clock.now())
    assert (found.state, found.reason) == (RefillState.DECLINED, "Come in first")
    assert told(view) == ["refill.declined"]
    assert owed() == ["told"]


def test_one_refill_of_an_order_at_a_time_and_two_deciders_do_not_both_win():
    view = asked()
    with pytest.raises(medications.RefillUnderWay):
        medications.request_refill(
            actor=patient(view.person_id), line_id=view.line_id, request_key=key(), now=clock.now()
        )

    approved(view)
    with pytest.raises(medications.StaleFact) as refused:
        medications.decline_refill(
            actor=clinician(), refill_id=view.refill_id, seen_version=view.version, reason="No",
            request_key=key(), now=clock.now(),
        )  # fmt: skip

    assert refused.value.current.state is RefillState.APPROVED
    assert refused.value.seen == view


def test_who_decides_too_late_sees_what_they_saw_and_what_was_changed():
    view, elsewhere = asked(), pharmacy(name="Birch Pharmacy")
    approved(view, dosage_text="Take 2 tablets daily", pharmacy_id=elsewhere.pk, reason="Pressure")

    with pytest.raises(medications.StaleFact) as refused:
        approved(view)

    seen, current = refused.value.seen, refused.value.current
    assert (seen.dosage_text, seen.pharmacy, seen.reason) == (view.dosage_text, view.pharmacy, "")
    assert (current.dosage_text, current.pharmacy.name) == ("Take 2 tablets daily", "Birch Pharmacy")
    with pytest.raises(medications.StaleFact) as never:
        approved(view, seen_version=99)
    assert never.value.seen is None


def test_what_was_stopped_meanwhile_is_not_approved():
    view = asked()
    line = only(view.person_id)
    file(
        view.person_id,
        said(external_id=_external(line), said_at=clock.now(), status_word="discontinued"),
        now=clock.now(),
    )

    with pytest.raises(medications.CannotRefill):
        approved(view)


def _external(line) -> str:
    from medications.models import Statement

    return Statement.objects.get(pk=line.evidence[0].statement.statement_id).external_id


@pytest.mark.parametrize("actor", [DESK, STRANGER])
def test_who_does_not_decide_finds_nothing(actor):
    view = asked()

    for call in (
        lambda: medications.get_refill(actor=actor, refill_id=view.refill_id, now=clock.now()),
        lambda: approved(view, actor=actor),
        lambda: medications.list_refill_queue(actor=actor, site_id=SITE, now=clock.now()),
    ):
        with pytest.raises(medications.MedicineNotFound):
            call()


def test_resending_elsewhere_leaves_the_old_pharmacys_late_word_without_effect(network):
    network.control(behaviour="late")
    view = approved(asked())
    work()
    began = clock.now()
    for hours in (5, 10, 15):
        work(began + timedelta(hours=hours))
    network.control(behaviour="accept")
    row = Refill.objects.get(pk=view.refill_id)

    medications.resend_refill(
        actor=DOCTOR, refill_id=view.refill_id, seen_version=row.version, pharmacy_id=pharmacy().pk,
        request_key=key(), now=clock.now(),
    )  # fmt: skip
    work(began + timedelta(hours=16))
    network.control(release=True)
    mailbox(began + timedelta(hours=16))

    assert state(view) == RefillState.ACCEPTED
    late = PharmacyMessage.objects.filter(refill_id=view.refill_id, effect="late")
    assert late.count() == 1


def test_a_move_that_the_table_has_not_is_refused():
    view = asked()
    with transaction.atomic():
        row = steps.lock(UUID(str(view.refill_id)))
        with pytest.raises(medications.RefillMoved):
            steps.move(row, RefillState.FILLED, actor=DOCTOR, at=clock.now())
    assert Status.ACTIVE is only(view.person_id).status


def answering(view: RefillView, kind: str, content: object) -> dict[str, object]:
    """A message about a refill, as its pharmacy would send it."""
    message_id = str(Refill.objects.get(pk=view.refill_id).message_id)
    header = {"MessageID": key(), "RelatesToMessageID": message_id}
    return {"Message": {"Header": header, "Body": {kind: content}}}


GARBAGE = [
    "words", 5, None, [], {}, {"Message": "words"}, {"Message": {"Header": {}, "Body": {"RxFill": {}}}},
    {"Message": {"Header": {"MessageID": ["x"]}, "Body": {"RxFill": {}}}},
    {"Message": {"Header": {"MessageID": "a\0b"}, "Body": {"St\0atus": {"Code": "\0"}}}},
]  # fmt: skip


def test_garbage_in_a_mailbox_stops_nothing_behind_it(network):
    network.control(behaviour="accept")
    view = approved(asked())
    work()
    halves = [
        answering(view, "RxFill", {"FillStatus": status})
        for status in ("NotDispensed", None, 5, ["Dispensed"], {"NotDispensed": "x\0y"})
    ]
    of_no_use = PharmacyMessage.objects.filter(effect__in=["unread", "unknown"])
    mailbox()
    of_others = of_no_use.count()  # what other tests left in the network's mailbox

    network.control(say=[*GARBAGE, *halves[:4], answering(view, "RxFill", {"FillStatus": {"Dispensed": {}}})])
    mailbox()

    assert state(view) == RefillState.FILLED
    assert of_no_use.count() == of_others + len(GARBAGE) + 4
    assert outbox.quarantined_count() == 0


def test_a_refusal_in_odd_words_is_a_refusal(network):
    network.control(behaviour="accept")
    view = approved(asked())
    work()

    network.control(say=[answering(view, "RxFill", {"FillStatus": {"NotDispensed": "x\0y"}})])
    mailbox()

    assert state(view) == RefillState.PHARMACY_REFUSED


def test_another_network_says_nothing_about_a_refill(network, settings):
    settings.PHARMACY_NETWORKS = {**settings.PHARMACY_NETWORKS, "other": (network.address, TOKEN)}
    network.control(behaviour="accept")
    view = approved(asked())
    work()
    network.control(say=[answering(view, "RxFill", {"FillStatus": {"Dispensed": {}}})])

    with transaction.atomic():
        outbox.publish(events.PharmacyMailboxDue(network="other"), now=clock.now())
    work()

    assert state(view) == RefillState.ACCEPTED
    assert only(view.person_id).evidence[-1].statement.kind.value == "order"
    mailbox()
    assert state(view) == RefillState.FILLED


def test_what_the_pharmacist_changed_is_what_was_dispensed(network):
    network.control(behaviour="accept")
    view = approved(asked())
    work()
    dispensed = {
        "DrugDescription": "lisinopril 10 MG Oral Tablet", "Quantity": {"Value": 60},
        "DrugCoded": {"DrugDBCode": {"Code": "314076", "Qualifier": "SCD"}},
        "Sig": {"SigText": "Take 2 tablets by mouth daily"},
    }  # fmt: skip

    network.control(
        say=[
            answering(
                view, "RxFill", {"FillStatus": {"PartiallyDispensed": {}}, "MedicationDispensed": dispensed}
            )
        ]
    )
    mailbox()

    assert state(view) == RefillState.FILLED
    handed = {
        each.statement.drug_text: (each.statement.dosage.text, line.name)
        for line in listed(view.person_id)
        for each in line.evidence
        if each.statement.kind.value == "dispense"
    }
    assert handed == {
        "lisinopril 10 MG Oral Tablet": ("Take 2 tablets by mouth daily", "lisinopril 10 MG Oral Tablet")
    }


def test_what_was_stopped_after_the_yes_is_not_sent(network, settings):
    settings.PHARMACY_NETWORKS = {"default": ("http://127.0.0.1:9", TOKEN)}
    taken = len(network.control()["taken"])
    view = approved(asked())
    work(rounds=1)
    line = only(view.person_id)
    file(
        view.person_id,
        said(external_id=_external(line), said_at=clock.now(), status_word="discontinued"),
        now=clock.now(),
    )
    settings.PHARMACY_NETWORKS = {"default": (network.address, TOKEN)}

    work(clock.now() + timedelta(hours=1))

    assert len(network.control()["taken"]) == taken
    assert state(view) == RefillState.UNANSWERED
    found = medications.list_refill_queue(actor=DOCTOR, site_id=SITE, now=clock.now())
    assert [each.refill_id for each in found] == [view.refill_id]
    with pytest.raises(medications.CannotRefill):
        medications.resend_refill(
            actor=DOCTOR, refill_id=view.refill_id, seen_version=found[0].version, request_key=key(),
            now=clock.now(),
        )  # fmt: skip


@pytest.mark.parametrize("decided", [False, True])
def test_what_is_asked_for_is_what_the_list_says_and_not_what_another_source_says(decided):
    who = person()
    file(who, said("cetirizine", status_word="error"), now=clock.now())  # the clinic knows the patient
    mine = prescribed(who, now=clock.now())
    file(who, said(dosage_text="Take 2 tablets daily", said_at=clock.now()), now=clock.now())
    if decided:
        settled(_lisinopril(who), dosage_text="Take 1 tablet daily", now=clock.now())
    line = _lisinopril(who)
    assert [each.statement.source.value for each in line.evidence] == ["clinician", "ehr-a"]
    assert line.dosage_text == "Take 1 tablet daily"

    view = medications.request_refill(
        actor=patient(who), line_id=line.line_id, pharmacy_id=pharmacy().pk, request_key=key(),
        now=clock.now(),
    )  # fmt: skip

    assert view.dosage_text == line.dosage_text
    assert Refill.objects.get(pk=view.refill_id).statement_id == mine.statement_id


def _lisinopril(who):
    return next(each for each in listed(who) if each.name.startswith("lisinopril"))
