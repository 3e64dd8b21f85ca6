"""Reports find their patients and orders, whichever comes first, and wait in sight until they do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from lab_house import (
    ADMINISTRATOR,
    CLINICIAN,
    DESK,
    ELSEWHERE,
    NOW,
    SITE,
    STRANGER,
    again,
    at,
    events_of,
    file,
    patient,
    potassium,
    registered,
    report,
    seen,
)

from labs import following, matching
from labs import service as labs
from labs.types import Status
from steadwell import events
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, new_id

pytestmark = pytest.mark.django_db(transaction=True)


def order(person_id: PersonId, number: str = "ORD-1", site_id=SITE) -> labs.LabOrder:
    return labs.place_order(
        actor=CLINICIAN, number=number, person_id=person_id, site_id=site_id, name="Electrolytes",
        request_key=str(new_id()), now=NOW,
    )  # fmt: skip


def unknown(**more):
    return report(patient=patient("MR-9", family="Nowak", given="Eva"), site_id=SITE, **more)


def waiting(actor=CLINICIAN) -> list[labs.WaitingReport]:
    return labs.list_waiting(actor=actor, now=NOW)


def match(filed: labs.Filed, person_id: PersonId | None, actor=DESK) -> PersonId:
    return labs.match_report(
        actor=actor, report_id=filed.report_id, person_id=person_id, reason="asked by telephone", now=NOW
    )


def follow(person_id: PersonId) -> None:
    matching.person_changed(person_id, now=NOW)


def test_report_of_an_unknown_patient_waits_and_nobody_hears_of_it():
    filed = file(unknown())

    assert filed.waiting == "patient"
    assert [(w.report_id, w.reason, w.said.family_name) for w in waiting()] == [
        (filed.report_id, "patient-unknown", "Nowak")
    ]
    assert events_of(filed) == []


def test_critical_result_of_an_unknown_patient_is_told_all_the_same():
    filed = file(unknown(observations=(potassium("7.9", flags=("HH",)),)))

    assert [type(e).__name__ for e in events_of(filed)] == ["LabCriticalFound"]


def test_staff_match_moves_all_reports_of_that_laboratory_patient_and_later_ones():
    ada = registered()
    first, second = file(unknown()), file(unknown())

    match(first, ada)

    third = file(unknown())
    assert [seen(f).person_id for f in (first, second, third)] == [ada, ada, ada]
    assert third.waiting == "order"
    assert waiting() == []
    assert [type(e).__name__ for e in events_of(second)] == ["LabReportFiled"]


def test_staff_say_it_is_a_new_patient():
    filed = file(unknown())

    person_id = match(filed, None)

    assert seen(filed).person_id == person_id
    assert identity.get_person(actor=DESK, person_id=person_id, now=NOW).family_name == "Nowak"
    assert file(unknown()).waiting == "order"


def test_match_again_is_refused():
    ada = registered()
    filed = file(unknown())
    match(filed, ada)

    with pytest.raises(labs.NotWaiting):
        match(filed, ada)


def test_staff_of_another_site_see_and_match_nothing():
    ada = registered()
    filed = file(unknown())

    assert waiting(STRANGER) == []
    with pytest.raises(labs.ReportNotFound):
        match(filed, ada, actor=STRANGER)


def test_front_desk_does_not_see_the_test():
    file(unknown())

    assert [w.name for w in waiting(DESK)] == [""]
    assert [w.name for w in waiting(CLINICIAN)] == ["Electrolytes"]


def test_clinic_registers_the_patient_later_and_the_report_flows_on():
    filed = file(unknown())
    eva = registered("MR-9", family="Nowak", given="Eva")

    follow(eva)

    assert seen(filed).person_id in identity.person_ids_of(eva)
    assert [type(e).__name__ for e in events_of(filed)] == ["LabReportFiled"]


def test_sweep_finds_what_nobody_told():
    filed = file(unknown())
    registered("MR-9", family="Nowak", given="Eva")

    assert matching.sweep(now=NOW) == 1
    assert seen(filed).waits == ""


def test_merge_of_the_provisional_person_lets_the_report_flow_on():
    ada, filed = registered(), file(unknown())
    provisional = waiting()[0].said.person_id

    identity.merge(actor=DESK, survivor_id=ada, duplicate_id=provisional, reason="same", now=NOW)
    follow(ada)

    assert ada in identity.person_ids_of(seen(filed).person_id)


def test_relinked_record_takes_its_reports_along():
    ada, eva = registered(), registered("MR-2", family="Nowak", given="Eva")
    filed = file(report())
    record = identity.find_standing(source="lab:north-lab", external_id="L-MR-1")

    identity.relink(actor=DESK, record_id=record.record_id, person_id=eva, reason="mixed up", now=NOW)
    follow(ada)
    follow(eva)

    assert seen(filed).person_id == eva
    assert [p.result.value_text for p in labs.series(
        actor=ADMINISTRATOR, person_id=eva, loinc="2823-3", now=NOW
    )] == ["4.1"]  # fmt: skip


@pytest.mark.parametrize("order_first", [True, False])
def test_report_and_order_meet_in_either_order(order_first):
    ada = registered()
    if order_first:
        placed = order(ada)
    filed = file(report(placer_number="ORD-1"))
    if not order_first:
        assert filed.waiting == "order"
        placed = order(ada)

    view = seen(filed, actor=CLINICIAN)
    assert (view.order_id, view.site_id) == (placed.order_id, SITE)
    listed = labs.list_orders(actor=CLINICIAN, person_id=ada, now=NOW)
    assert [o.report_ids for o in listed] == [(filed.report_id,)]


@pytest.mark.parametrize("order_first", [True, False])
def test_order_number_with_name_and_birth_date_is_enough(order_first):
    """The laboratory knows the patient by its own number only."""
    ada = registered()
    said = report(patient=patient("unheard-of"), placer_number="ORD-1")
    if order_first:
        order(ada)
    filed = file(said)
    if not order_first:
        assert filed.waiting == "patient"
        order(ada)

    assert seen(filed).person_id == ada


@pytest.mark.parametrize("order_first", [True, False])
def test_order_of_somebody_else_makes_the_report_wait(order_first):
    registered()
    eva = registered("MR-2", family="Nowak", given="Eva")
    if order_first:
        order(eva)
    filed = file(report(placer_number="ORD-1"))
    if not order_first:
        order(eva)

    assert [w.reason for w in waiting()] == ["order-of-another"]
    assert seen(filed).person_id is None

    assert match(filed, eva) == eva
    assert seen(filed).person_id == eva


def test_versions_that_name_different_people_wait_for_a_person():
    ada = registered()
    registered("MR-2", family="Nowak", given="Eva")
    said = report(site_id=SITE)
    filed = file(said)

    file(again(said, patient=patient("MR-2", family="Nowak", given="Eva"), issued_at=at(13)))

    assert [(w.report_id, w.reason) for w in waiting()] == [(filed.report_id, "patients-differ")]
    match(filed, ada)
    assert seen(filed).person_id == ada


def test_patient_in_a_later_message_ends_the_waiting():
    ada = registered()
    said = report(patient=None, site_id=SITE)
    filed = file(said)
    assert [w.reason for w in waiting()] == ["patient-not-said"]

    file(again(said, patient=patient(), issued_at=at(13), status=Status.CORRECTED))

    assert seen(filed).person_id == ada
    assert waiting() == []


def test_candidates_are_those_of_the_same_name_and_birth_date():
    ada = registered()
    filed = file(report(patient=patient("MR-77"), site_id=SITE))

    found = labs.list_candidates(actor=DESK, report_id=filed.report_id, now=NOW)

    assert [person.person_id for person in found] == [ada]


def test_order_number_names_one_order_and_repeats_itself():
    ada = registered()
    key = str(new_id())
    ask: Any = {
        "actor": CLINICIAN, "number": "ORD-5", "person_id": ada, "site_id": SITE, "name": "CBC", "now": NOW,
    }  # fmt: skip

    placed = labs.place_order(**ask, request_key=key)

    assert labs.place_order(**ask, request_key=key).order_id == placed.order_id
    with pytest.raises(labs.OrderNumberTaken):
        labs.place_order(**ask, request_key=str(new_id()))


def test_clinician_orders_at_their_own_site_only():
    ada = registered()

    with pytest.raises(NotFound):
        order(ada, site_id=ELSEWHERE)


def test_subscriber_follows_the_event():
    filed = file(unknown())
    eva = registered("MR-9", family="Nowak", given="Eva")

    following.follow_person(events.PersonChanged(person_id=eva), _Context())

    assert seen(filed).waits == ""


class _Context:
    now = NOW + timedelta(minutes=1)
    attempt = 1
    late = False
