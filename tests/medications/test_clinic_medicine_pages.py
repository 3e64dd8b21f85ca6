"""Clinicians' pages about medicines, over HTTP: what they show and change, and to whom they are there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from pages_house import NOW, WARFARIN, PagesHouse, fields, house, page, words

from medications import service as medications
from medications.models import Override
from medications.safety import packs
from medications.safety.errors import PackMissing
from medications.types import LineState, RefillState, Source, Status

pytestmark = pytest.mark.django_db
HOME = "/clinic/medicines/"


@pytest.fixture(autouse=True)
def _then():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def home():
    return PagesHouse()


@pytest.fixture
def doctor(home):
    return home.client(home.doctor)


def test_patient_page_puts_the_sources_side_by_side(home, doctor):
    home.conflict()
    home.allergy()

    said = page(doctor, f"{HOME}patient/{home.person_id}/")

    assert "1 medicine to decide about" in said
    assert "The dose differs" in said
    assert "Whether it is taken differs" in said
    for source in ("Patient", "Our clinic", "Other record A", "Pharmacy"):
        assert source in said
    assert "Take 2 tablets by mouth daily" in said
    assert "says nothing" in said
    assert "a rash" in said


def test_queue_names_patient_medicine_and_why(home, doctor):
    home.conflict()

    said = page(doctor, HOME)

    assert "Okafor, Ada" in said
    assert "lisinopril 10 MG Oral Tablet" in said
    assert "The dose differs" in said


def test_decision_settles_the_line_and_can_be_taken_back(home, doctor):
    line = home.conflict()
    path = f"{HOME}line/{line.line_id}/"
    form = fields(doctor.get(path), "seen")

    answer = doctor.post(
        path, {**form, "status": "active", "dosage": "Take 1 tablet daily", "reason": "Asked the patient"}
    )

    assert answer.status_code == 302
    assert home.line("lisinopril").state is LineState.DECIDED
    said = page(doctor, path)
    assert "Wren Halloran decided on" in said
    form = fields(doctor.get(path), "1")
    doctor.post(
        f"{path}revert/", {**fields(doctor.get(path), "seen"), **form, "seen": "1", "reason": "Wrong patient"}
    )
    assert home.line("lisinopril").state is LineState.CONFLICT
    assert "Taken back" in page(doctor, path)


def test_decision_about_what_changed_meanwhile_shows_both(home, doctor):
    line = home.conflict()
    path = f"{HOME}line/{line.line_id}/"
    form = fields(doctor.get(path), "seen")
    house.settled(home.line("lisinopril"), actor=home.doctor)

    answer = doctor.post(path, {**form, "status": "stopped", "dosage": "", "reason": "Mine"})

    said = words(answer)
    assert answer.status_code == 412
    assert "What you saw Taken now: Take 1 tablet daily" in said
    assert "What it says now Taken now: Take 1 tablet daily" in said
    assert "Asked the patient" in said
    assert 'value="Mine"' in answer.content.decode()


def test_taking_back_what_was_decided_anew_meanwhile_shows_both(home, doctor):
    line = home.conflict()
    house.settled(line, actor=home.doctor, dosage_text="Take 3 tablets daily")
    path = f"{HOME}line/{line.line_id}/"
    form = {**fields(doctor.get(path), "seen"), "seen": "1", "reason": "Wrong patient"}
    house.settled(home.line("lisinopril"), actor=home.doctor, dosage_text="Take 4 tablets daily")

    answer = doctor.post(f"{path}revert/", form)

    assert answer.status_code == 412
    assert "What you saw Taken now: Take 3 tablets daily" in words(answer)
    assert "What it says now Taken now: Take 4 tablets daily" in words(answer)
    assert home.line("lisinopril").decision_version == 2


def test_what_seems_to_belong_together_is_put_together_with_one_decision(home, doctor):
    home.say()
    home.say("lisinopril", source=Source.EHR_B, system="ehr-b")
    path = f"{HOME}patient/{home.person_id}/"
    opened = doctor.get(path)
    (join,) = re.findall(r'name="join" value="([^"]+)"', opened.content.decode())
    form = fields(opened)
    assert "“lisinopril”, Take 1 tablet by mouth daily → lisinopril 10 MG Oral Tablet" in words(opened)

    unticked = doctor.post(f"{path}together/", {**form, "reason": "Asked"}, follow=True)
    assert "Tick at least one" in words(unticked)
    answer = doctor.post(f"{path}together/", {**form, "join": join, "reason": "Asked"}, follow=True)

    assert "1 statement is put together with its medicine" in words(answer)
    assert "These seem to belong together" not in words(answer)
    again = {**form, "join": join, "reason": "Asked", "request_key": house.key()}
    late = doctor.post(f"{path}together/", again)
    assert late.status_code == 412
    assert "Something changed meanwhile" in words(late)
    assert "What you saw" in words(late)
    assert "What it says now" in words(late)
    assert doctor.post(f"{path}together/", {**form, "join": "x", "reason": "y"}).status_code == 400


def test_order_is_written(home, doctor):
    path = f"{HOME}patient/{home.person_id}/prescribe/"
    form = fields(doctor.get(path))

    answer = doctor.post(
        path, {**form, "drug": "lisinopril 10 mg tablet", "dosage": "Take 1 tablet daily", "refills": "3"}
    )

    assert answer.status_code == 302
    assert home.line("lisinopril").evidence[0].statement.prescriber_name == "Wren Halloran"


def order(doctor, home, drug, **more):
    path = f"{HOME}patient/{home.person_id}/prescribe/"
    form = {**fields(doctor.get(path)), "drug": drug, "dosage": "Take 1 tablet daily", "refills": "0"}
    return doctor.post(path, {**form, **more})


def test_alert_asks_for_a_reason_and_the_next_prescriber_reads_it(home, doctor):
    home.prescribe(WARFARIN)

    stopped = order(doctor, home, house.IBUPROFEN)
    said = words(stopped)
    assert stopped.status_code == 200
    assert "1 alert needs a reason" in said
    assert "Holbrook" in said
    assert Override.objects.count() == 0
    form = fields(stopped, "finding")
    written = order(
        doctor, home, house.IBUPROFEN, finding=form["finding"], override="Three days only, with pantoprazole"
    )

    assert written.status_code == 302
    again = words(order(doctor, home, "naproxen 500 MG Oral Tablet", check="1"))
    assert "alert" in again
    again = words(order(doctor, home, house.IBUPROFEN, check="1"))
    assert "Wren Halloran went on: “Three days only, with pantoprazole”" in again


def test_check_alone_changes_nothing_and_says_what_was_not_checked(home, doctor):
    home.prescribe()

    said = words(order(doctor, home, "metformin hydrochloride 500 MG Oral Tablet", check="1"))

    assert "No rule speaks against it. That does not prove it safe." in said
    assert "Not checked:" in said
    assert "kidney function is not known" in said
    assert [line.name for line in house.listed(home.person_id, actor=home.doctor) if line.is_current] == [
        home.line("lisinopril").name
    ]


def test_allergy_is_an_alert(home, doctor):
    home.allergy("amoxicillin")

    assert "Allergy" in words(order(doctor, home, "amoxicillin 500 MG Oral Capsule"))


def test_without_rules_nothing_is_prescribed(home, doctor, monkeypatch, tmp_path):
    monkeypatch.setattr(packs, "SHIPPED", tmp_path)
    with pytest.raises(PackMissing):
        packs.in_force(now=NOW)

    said = words(order(doctor, home, house.LISINOPRIL))

    assert "The safety checks cannot be made now" in said
    assert not [line for line in house.listed(home.person_id, actor=home.doctor) if line.is_current]


def test_words_of_a_source_are_put_with_a_medicine(home, doctor):
    home.say("lisinopril")
    line = home.line("lisinopril")
    statement = line.evidence[0].statement
    path = f"{HOME}said/{statement.statement_id}/"
    assert statement.needs
    found = doctor.post(path, {"find": "1", "q": "lisinopril 10 mg tablet"})
    code = next(
        code for code, name in medications_suggest("lisinopril 10 mg tablet") if name == house.LISINOPRIL
    )
    assert f'value="{code}"' in found.content.decode()

    form = {**fields(found), "q": "lisinopril 10 mg tablet", "product": code, "reason": "Asked the pharmacy"}
    answer = doctor.post(path, form)

    assert answer.status_code == 302
    assert home.line("lisinopril").name == house.LISINOPRIL


def medications_suggest(text):
    from medications.suggesting import suggest

    return suggest(text)


def asked(home):
    home.prescribe()
    return medications.request_refill(
        actor=home.patient, line_id=home.line("lisinopril").line_id, pharmacy_id=home.pharmacy.pk,
        note="Two left",
        request_key=house.key(), now=NOW,
    )  # fmt: skip


def test_refill_is_approved_with_another_dosage(home, doctor):
    refill = asked(home)
    assert "Two left" in page(doctor, f"{HOME}refills/")
    assert "1 refill waits for an answer" in page(doctor, reverse("clinic:day"))
    path = f"{HOME}refills/{refill.refill_id}/"
    form = fields(doctor.get(path), "approve")

    answer = doctor.post(
        path,
        {
            **form,
            "dosage": "Take 2 tablets daily",
            "quantity": "60 tablets",
            "pharmacy": str(home.pharmacy.pk),
            "reason": "Pressure",
        },
    )

    assert answer.status_code == 302
    found = medications.get_refill(actor=home.doctor, refill_id=refill.refill_id, now=NOW)
    assert (found.state, found.dosage_text) == (RefillState.APPROVED, "Take 2 tablets daily")
    assert "No refill waits" in page(doctor, f"{HOME}refills/")


def test_refill_shows_what_the_checks_say_now(home, doctor):
    refill = asked(home)
    home.say("sacubitril 24 MG / valsartan 26 MG Oral Tablet")

    said = page(doctor, f"{HOME}refills/{refill.refill_id}/")

    assert "Safety checks" in said
    assert "needs a reason" in said or "need a reason" in said


def test_refill_is_refused_only_with_a_reason(home, doctor):
    refill = asked(home)
    path = f"{HOME}refills/{refill.refill_id}/"
    form = {**fields(doctor.get(path), "decline")}

    without = doctor.post(path, {**form, "reason": " "})
    assert "Say why, so that the patient knows." in words(without)
    doctor.post(path, {**form, "reason": "A blood test first"})

    found = medications.get_refill(actor=home.doctor, refill_id=refill.refill_id, now=NOW)
    assert (found.state, found.reason) == (RefillState.DECLINED, "A blood test first")


def test_rules_that_annoy_are_counted(home, doctor):
    home.prescribe(WARFARIN)
    stopped = order(doctor, home, house.IBUPROFEN)
    order(doctor, home, house.IBUPROFEN, finding=fields(stopped, "finding")["finding"], override="Short")

    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        said = page(doctor, f"{HOME}rules/")

    assert "core:warfarin-nsaids" in said
    assert "100 %" in said
    assert "Alerts per order" in said
    assert "core 2026.11" in said


def test_managers_see_the_rules_and_no_patient(home):
    manager = home.client(home.staff(house.Role.MANAGER, home.site))

    assert manager.get(f"{HOME}rules/").status_code == 200
    assert manager.get(HOME).status_code == 404
    assert manager.get(f"{HOME}patient/{home.person_id}/").status_code == 404


def test_patient_page_of_staff_leads_to_the_medicines(home, doctor):
    assert (
        f'href="{HOME}patient/{home.person_id}/"'
        in doctor.get(reverse("patient", args=[home.person_id])).content.decode()
    )


@pytest.mark.parametrize("who", ["stranger", "patient", "desk"])
def test_what_is_not_yours_looks_like_what_is_not_there(home, who):
    refill = asked(home)
    home.say("lisinopril")
    line = home.line("lisinopril")
    desk = home.staff(house.Role.FRONT_DESK, home.site) if who == "desk" else None
    client = home.client(desk or getattr(home, who))
    nothing = client.get(f"{HOME}line/{house.new_id()}/")
    statement = line.evidence[0].statement.statement_id
    posted = {"request_key": house.key(), "seen": "1", "decision": "0", "act": "decline", "reason": "x",
              "status": "active",
              "product": "apart", "drug": "x", "dosage": "x", "refills": "0"}  # fmt: skip

    for path in (
        f"patient/{home.person_id}/", f"patient/{home.person_id}/prescribe/", f"line/{line.line_id}/",
        f"line/{line.line_id}/revert/", f"said/{statement}/", f"refills/{refill.refill_id}/",
        f"?site={home.site}", f"refills/?site={home.site}",
    ):  # fmt: skip
        for answer in (client.get(HOME + path), client.post(HOME + path, posted)):
            if answer.status_code == 405:
                continue
            assert answer.status_code == 404, path
            assert words(answer) == words(nothing), path
    assert home.line("lisinopril").status is Status.ACTIVE


def test_pages_stay_within_their_statements(home, doctor, django_assert_max_num_queries):
    refill = asked(home)
    home.say(house.IBUPROFEN)
    line = home.line("lisinopril")
    doctor.get(HOME)

    for path, most in (
        ("", 30),
        (f"patient/{home.person_id}/", 35),
        (f"line/{line.line_id}/", 50),
        ("refills/", 30),
        (f"refills/{refill.refill_id}/", 45),
        ("rules/", 25),
    ):
        with django_assert_max_num_queries(most):
            assert doctor.get(HOME + path).status_code == 200
