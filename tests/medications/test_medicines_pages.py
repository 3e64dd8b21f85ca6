"""A patient's pages about medicines, over HTTP: what they say and change, and to whom they are there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from pages_house import NOW, PagesHouse, fields, house, page, words

from medications import service as medications
from medications.models import Statement
from medications.refills import steps
from medications.types import RefillState, Taken
from steadwell.actor import system

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _then():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def home():
    return PagesHouse()


@pytest.fixture
def ada(home):
    return home.client(home.patient)


def test_list_says_what_why_how_and_who_prescribed(home, ada):
    home.prescribe()

    said = page(ada, "/medicines/")

    assert "lisinopril 10 MG Oral Tablet" in said
    assert "Take 1 tablet daily" in said
    assert "For blood pressure" in said
    assert "Prescribed by Wren Halloran" in said
    assert "Refill lisinopril 10 MG Oral Tablet" in said


def test_pack_is_called_by_what_is_in_it(home, ada):
    home.say("Yaz 28 Day Pack")
    inside = "24 × drospirenone 3 MG / ethinyl estradiol 0.02 MG Oral Tablet, 4 without an active ingredient"

    assert f"Yaz 28 Day ({inside})" in page(ada, "/medicines/")
    form = fields(ada.get("/medicines/add/"))
    assert f"Yaz 28 Day ({inside})" in words(
        ada.post("/medicines/add/", {**form, "drug": "yaz", "find": "1"})
    )


def test_list_without_medicines_says_so(ada):
    assert "No medicines on this list" in page(ada, "/medicines/")


def test_name_of_a_medicine_stands_in_no_title(home, ada):
    home.prescribe()
    line = home.line()

    for path in ("/medicines/", f"/medicines/{line.line_id}/", f"/medicines/{line.line_id}/stopped/"):
        title = ada.get(path).content.decode().partition("<title>")[2].partition("</title>")[0]
        assert "lisinopril" not in title


def test_add_offers_what_fits_and_keeps_what_was_entered(ada):
    answer = ada.post("/medicines/add/", {"find": "1", "drug": "lisinopril 10", "dosage": "1 a day"})

    said = words(answer)
    assert answer.status_code == 200
    assert "lisinopril 10 MG Oral Tablet" in said
    assert 'value="1 a day"' in answer.content.decode()
    assert not Statement.objects.filter(source="patient").exists()


def test_add_puts_it_on_the_list(home, ada):
    form = fields(ada.get("/medicines/add/"))

    answer = ada.post(
        "/medicines/add/", {**form, "drug": "Lisinopril 10 mg tablet", "dosage": "1 tablet daily"}
    )

    assert answer.status_code == 302
    assert "1 tablet daily" in page(ada, answer.url)
    assert home.line().evidence[0].statement.source.value == "patient"


def test_add_twice_by_the_same_form_adds_one(home, ada):
    form = {**fields(ada.get("/medicines/add/")), "drug": "Lisinopril 10 mg tablet"}

    first, second = (ada.post("/medicines/add/", form) for _ in range(2))

    assert first.url == second.url
    assert Statement.objects.filter(source="patient").count() == 1


def test_add_without_a_name_says_so_on_top(ada):
    answer = ada.post("/medicines/add/", {**fields(ada.get("/medicines/add/")), "drug": " "})

    said = words(answer)
    assert "Please look at this again" in said
    assert "Type the name of the medicine." in said
    assert "<title>Error: Add a medicine" in answer.content.decode()


def test_suggestions_are_a_part_of_the_form_and_asked_by_post_alone(ada):
    assert "lisinopril" in words(ada.post("/medicines/suggestions/", {"drug": "lisinop"}))
    assert ada.get("/medicines/suggestions/?drug=lisinop").status_code == 405


def test_stopped_is_told_to_the_clinic_beside_what_was_prescribed(home, ada):
    home.prescribe()
    line = home.line()
    path = f"/medicines/{line.line_id}/stopped/"

    answer = ada.post(path, {**fields(ada.get(path)), "stopped": "2026-03-01", "reason": "It made me dizzy"})

    assert answer.status_code == 302
    told = home.line()
    assert [each.what for each in told.conflicts] == ["status"]
    assert "Your clinic is checking this" in page(ada, f"/medicines/{line.line_id}/")


def test_stopped_of_a_changed_medicine_is_refused_and_shown_again(home, ada):
    home.prescribe()
    path = f"/medicines/{home.line().line_id}/stopped/"
    form = fields(ada.get(path))
    home.say(dosage_text="Take 3 tablets by mouth daily")

    answer = ada.post(path, {**form, "reason": "Dizzy"})

    assert "This has changed since you opened it" in words(answer)


def test_refill_takes_two_presses_and_is_followed_in_words(home, ada):
    home.prescribe()
    line = home.line()
    medications.choose_pharmacy(
        actor=home.patient,
        person_id=home.person_id,
        pharmacy_id=home.pharmacy.pk,
        request_key=house.key(),
        now=NOW,
    )
    path = f"/medicines/{line.line_id}/refill/"
    assert f'href="{path}"' in ada.get("/medicines/").content.decode()
    form = ada.get(path)
    assert f'value="{home.pharmacy.pk}"' in form.content.decode()
    assert "checked" in form.content.decode()

    sent = ada.post(path, {**fields(form), "pharmacy": str(home.pharmacy.pk)})

    said = page(ada, sent.url)
    assert "Asked for" in said
    assert "Harbor Pharmacy" in said
    assert "Refill: Asked for" in page(ada, "/medicines/")
    assert f'href="{path}"' not in ada.get("/medicines/").content.decode()


def test_refill_is_taken_back_while_nobody_decided(home, ada):
    refill = _asked(home)
    path = f"/medicines/refills/{refill.refill_id}/"

    ada.post(path, fields(ada.get(path)))

    assert "You took this back. Nothing was sent." in page(ada, path)


def test_refused_refill_says_why(home, ada):
    refill = _asked(home)
    medications.decline_refill(
        actor=home.doctor, refill_id=refill.refill_id, seen_version=refill.version,
        reason="Come and see us first",
        request_key=house.key(), now=NOW,
    )  # fmt: skip

    said = page(ada, f"/medicines/refills/{refill.refill_id}/")

    assert "Not approved" in said
    assert "Come and see us first" in said
    assert "Not approved" in page(ada, "/")


def test_what_happened_to_a_refill_is_said_in_words_and_never_in_codes(home, ada):
    refill = _asked(home)

    for step, reason in (("not-reached", "failed-there"), ("retried", "no-answer"), ("late", "RxFill")):
        steps.note(steps.lock(refill.refill_id), step, actor=system("test"), at=NOW, reason=reason)
    said = page(ada, f"/medicines/refills/{refill.refill_id}/")

    assert "The pharmacy's network could not be reached" in said
    assert "No answer came in time." in said
    assert not {"not-reached", "failed-there", "retried", "no-answer", "RxFill"} & {*said.split()}


def _asked(home):
    home.prescribe()
    return medications.request_refill(
        actor=home.patient,
        line_id=home.line().line_id,
        pharmacy_id=home.pharmacy.pk,
        request_key=house.key(),
        now=NOW,
    )


def test_reminder_shows_the_next_dose_and_the_diary_notes_it(home, ada):
    home.prescribe()
    line = home.line()
    path = f"/medicines/{line.line_id}/remind/"

    ada.post(path, {**fields(ada.get(path)), "at": "20:30"})

    assert "Next dose today at 8:30 p.m." in page(ada, "/medicines/")
    diary = ada.get("/medicines/diary/")
    assert "8:30 p.m." in words(diary)
    assert "8:30 p.m." in page(ada, "/")
    planned = fields(diary, "planned")
    noted = ada.post(f"/medicines/diary/{line.line_id}/", {**planned, "taken": "taken"})
    assert noted.status_code == 302, (planned, words(noted))
    (entry,) = medications.list_diary(
        actor=home.patient,
        person_id=home.person_id,
        since=NOW - timedelta(days=2),
        until=NOW + timedelta(days=2),
        now=NOW,
    )
    assert (entry.taken, entry.planned_at.isoformat()) == (Taken.TAKEN, "2026-03-03T01:30:00+00:00")


def test_note_is_put_right_by_pressing_the_other(home, ada):
    home.prescribe()
    line = home.line()
    path = f"/medicines/{line.line_id}/remind/"
    ada.post(path, {**fields(ada.get(path)), "at": "08:00"})
    for taken in ("taken", "skipped"):
        form = fields(ada.get("/medicines/diary/"), "planned")
        ada.post(f"/medicines/diary/{line.line_id}/", {**form, "taken": taken})

    (entry,) = medications.list_diary(
        actor=home.patient,
        person_id=home.person_id,
        since=NOW - timedelta(days=2),
        until=NOW + timedelta(days=2),
        now=NOW,
    )
    assert (entry.taken, entry.version) == (Taken.SKIPPED, 2)


def test_reminder_can_be_ended(home, ada):
    home.prescribe()
    line = home.line()
    path = f"/medicines/{line.line_id}/remind/"
    ada.post(path, {**fields(ada.get(path)), "at": "08:00"})
    (reminder,) = medications.list_reminders(actor=home.patient, person_id=home.person_id, now=NOW)

    form = fields(ada.get(f"/medicines/{line.line_id}/"), "seen")
    ada.post(f"/medicines/reminders/{reminder.reminder_id}/end/", form)

    assert medications.list_reminders(actor=home.patient, person_id=home.person_id, now=NOW) == ()


def test_reminder_of_what_changed_meanwhile_shows_both(home, ada):
    home.prescribe()
    line = home.line()
    path = f"/medicines/{line.line_id}/remind/"
    none_yet = fields(ada.get(path))
    ada.post(path, {**none_yet, "at": "08:00", "days": ["1"]})
    end = fields(ada.get(f"/medicines/{line.line_id}/"), "seen")
    (reminder,) = medications.list_reminders(actor=home.patient, person_id=home.person_id, now=NOW)
    seen = fields(ada.get(path), "seen")
    ada.post(path, {**seen, "at": "08:00", "days": ["2"]})

    late = ada.post(path, {**none_yet, "at": "08:00", "days": ["3"], "request_key": house.key()})
    later = ada.post(path, {**seen, "at": "08:00", "days": ["3"], "request_key": house.key()})
    ended = ada.post(f"/medicines/reminders/{reminder.reminder_id}/end/", end)

    assert [answer.status_code for answer in (late, later, ended)] == [412, 412, 412]
    assert "What you saw" not in words(late)
    for answer in (later, ended):
        assert "What you saw 8:00 a.m., Monday What it says now 8:00 a.m., Tuesday" in words(answer)
    assert ada.post(path, {**fields(later, "seen"), "at": "08:00", "days": ["3"]}).status_code == 302


def test_note_of_a_dose_that_was_noted_meanwhile_shows_both(home, ada):
    home.prescribe()
    line = home.line()
    path = f"/medicines/{line.line_id}/remind/"
    ada.post(path, {**fields(ada.get(path)), "at": "08:00"})
    diary = f"/medicines/diary/{line.line_id}/"
    ada.post(diary, {**fields(ada.get("/medicines/diary/"), "planned"), "taken": "taken"})
    old = fields(ada.get("/medicines/diary/"), "planned")
    ada.post(diary, {**old, "taken": "skipped"})

    answer = ada.post(diary, {**old, "taken": "skipped", "request_key": house.key()})

    assert answer.status_code == 412
    assert re.search(r"What you saw Taken: today at .* What it says now Left out: today at", words(answer))


def test_allergy_is_told_and_changed(home, ada):
    ada.post(
        "/medicines/allergies/add/",
        {**fields(ada.get("/medicines/allergies/add/")), "substance": "penicillin", "reaction": "a rash"},
    )
    assert "penicillin" in page(ada, "/medicines/allergies/")
    (allergy,) = medications.get_list(actor=home.patient, person_id=home.person_id, now=NOW).allergies
    path = f"/medicines/allergies/{allergy.allergy_id}/"

    form = {**fields(ada.get(path)), "substance": "penicillin", "status": "resolved", "severity": "mild"}
    ada.post(path, form)

    assert "Over" in page(ada, "/medicines/allergies/")


def test_allergy_of_another_record_is_shown_and_not_changed_here(home, ada):
    home.allergy()
    (allergy,) = medications.get_list(actor=home.patient, person_id=home.person_id, now=NOW).allergies

    assert "Another clinic's records" in page(ada, "/medicines/allergies/")
    assert ada.get(f"/medicines/allergies/{allergy.allergy_id}/").status_code == 404


def test_own_words_are_put_right_and_taken_out(home, ada):
    form = fields(ada.get("/medicines/add/"))
    added = ada.post("/medicines/add/", {**form, "drug": "Ibuprofen 200 mg tablet"})
    line = home.line("buprofen")
    path = f"/medicines/said/{line.evidence[0].statement.statement_id}/"
    assert added.status_code == 302

    ada.post(path, {**fields(ada.get(path)), "drug": "Ibuprofen 200 mg tablet", "dosage": "only at night"})
    assert "only at night" in page(ada, "/medicines/")
    ada.post(path, {**fields(ada.get(path)), "drug": "Ibuprofen 200 mg tablet", "remove": "1"})

    assert "buprofen" not in page(ada, "/medicines/")


def test_print_page_has_what_a_hospital_asks(home, ada):
    home.prescribe()
    home.allergy()

    said = page(ada, "/medicines/print/")

    assert "Ada Okafor Birth date: Mar 12, 1970" in said
    assert "lisinopril 10 MG Oral Tablet" in said
    assert re.search(r"(?i)penicillin[^:]*: a rash", said)


def test_print_page_tells_an_allergy_that_is_over_from_one_that_holds(home, ada):
    home.allergy(status_word="resolved")

    assert re.search(r"(?i)penicillin[^:]*\(Over\): a rash", page(ada, "/medicines/print/"))


def test_proxy_sees_and_acts_for_the_patient(home):
    home.prescribe()
    parent = home.client(home.parent)

    assert "lisinopril" in page(parent, "/medicines/")
    assert "Ada Okafor" in page(parent, "/medicines/")
    assert "lisinopril" in page(parent, f"/medicines/{home.line().line_id}/")


def paths_of(home):
    """Every page and act about something of the patient's."""
    home.prescribe()
    line = home.line()
    refill = medications.request_refill(
        actor=home.patient,
        line_id=line.line_id,
        pharmacy_id=home.pharmacy.pk,
        request_key=house.key(),
        now=NOW,
    )
    reminder = medications.set_reminder(
        actor=home.patient, line_id=line.line_id, at=NOW.time(), zone="UTC", request_key=house.key(), now=NOW
    )
    allergy = medications.add_allergy(
        actor=home.patient,
        person_id=home.person_id,
        substance_text="penicillin",
        request_key=house.key(),
        now=NOW,
    )
    own = medications.add_medicine(
        actor=home.patient,
        person_id=home.person_id,
        drug_text="Ibuprofen 200 mg",
        request_key=house.key(),
        now=NOW,
    )
    return [
        f"/medicines/?for={home.person_id}",
        f"/medicines/print/?for={home.person_id}",
        f"/medicines/add/?for={home.person_id}",
        f"/medicines/diary/?for={home.person_id}",
        f"/medicines/refills/?for={home.person_id}",
        f"/medicines/allergies/?for={home.person_id}",
        f"/medicines/allergies/{allergy.allergy_id}/",
        f"/medicines/said/{own.statement_id}/",
        f"/medicines/refills/{refill.refill_id}/",
        *(f"/medicines/{line.line_id}/{rest}" for rest in ("", "stopped/", "refill/", "remind/")),
        f"/medicines/diary/{line.line_id}/",
        f"/medicines/reminders/{reminder.reminder_id}/end/",
    ]


@pytest.mark.parametrize("who", ["other", "stranger", "doctor"])
def test_what_is_not_yours_looks_like_what_is_not_there(home, who):
    paths = paths_of(home)
    client = home.client(getattr(home, who))
    nothing = client.get(f"/medicines/{house.new_id()}/")

    posted = {
        "request_key": house.key(),
        "seen": "1",
        "taken": "taken",
        "drug": "x",
        "reason": "x",
        "substance": "x",
    }
    for path in paths:
        for answer in (client.get(path), client.post(path, posted)):
            if answer.status_code == 405:
                continue
            assert answer.status_code == 404, path
            assert words(answer) == words(nothing), path


def test_refill_states_all_have_their_words():
    from medications.presenters import words as table

    assert set(table.REFILL) == set(RefillState) == set(table.REFILL_LEAD)


def test_pages_stay_within_their_statements(home, ada, django_assert_max_num_queries):
    for drug in (house.LISINOPRIL, house.IBUPROFEN):
        home.prescribe(drug, overrides={})
    line = home.line("lisinopril")
    ada.get("/medicines/")

    for path, most in (
        ("/medicines/", 45),
        (f"/medicines/{line.line_id}/", 45),
        ("/medicines/diary/", 40),
        ("/medicines/refills/", 25),
    ):
        with django_assert_max_num_queries(most):
            assert ada.get(path).status_code == 200


def test_change_of_what_changed_meanwhile_shows_both(home, ada):
    form = {**fields(ada.get("/medicines/add/")), "drug": "Ibuprofen 200 mg tablet", "dosage": "one"}
    ada.post("/medicines/add/", form)
    path = f"/medicines/said/{home.line('buprofen').evidence[0].statement.statement_id}/"
    old = fields(ada.get(path), "seen")
    ada.post(path, {**old, "drug": "Ibuprofen 200 mg tablet", "dosage": "two", "request_key": house.key()})

    answer = ada.post(path, {**old, "drug": "Ibuprofen 200 mg tablet", "dosage": "three"})

    assert answer.status_code == 412
    assert "What you saw Ibuprofen 200 mg tablet: one, Taken now" in words(answer)
    assert "What it says now Ibuprofen 200 mg tablet: two, Taken now" in words(answer)
    assert 'value="three"' in answer.content.decode()
