"""Patients' pages of results, over HTTP: what they say, to whom, and what nobody else finds."""

from __future__ import annotations

import re
import zlib
from datetime import date, timedelta
from pathlib import Path

import lab_house as house
import pytest
import time_machine
from django.conf import settings
from django.test import Client, override_settings
from release_house import NOW, Family, choice_rules, rule, work
from signing_in import sign_in

from labs import choices, deciding, models
from labs import service as labs
from labs.policy import Choice, Delay
from steadwell.audit.models import AuditEntry
from steadwell.ids import new_id

pytestmark = pytest.mark.django_db
PDF = labs.Attachment(name='"x"\r\nSet-Cookie: a=b.pdf', content_type="application/pdf", content=b"%PDF-1.7")


@pytest.fixture(autouse=True)
def _then():
    with time_machine.travel(NOW, tick=False):
        yield


def text_of(answer) -> str:
    """The page's words without tags, spaces folded."""
    page = re.sub(r"(?s)<(script|template|svg).*?</\1>", " ", answer.content.decode())
    return re.sub(r"[\s\xa0]+", " ", re.sub(r"<[^>]+>", " ", page))


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return text_of(answer)


def file_of(client: Client, report_id, *, language: str = "en") -> str:
    """The words of the PDF, in the one font of which a test can read them."""
    with override_settings(RESULT_FONTS="/nowhere"):
        answer = client.get(f"/results/{report_id}/file/", headers={"accept-language": language})
    assert answer.status_code == 200
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", answer.content, re.DOTALL)
    drawn = b" ".join(zlib.decompress(each) for each in streams if each[:1] == b"x")
    words = b" ".join(re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", drawn)).decode("latin-1")
    return re.sub(r"\s+", " ", re.sub(r"\\(.)", r"\1", words))


def signed_in(user_id) -> Client:
    return sign_in(Client(), user_id)


@pytest.fixture
def family() -> Family:
    return Family()


@pytest.fixture
def ada(family) -> Client:
    return signed_in(family.patient_id)


def test_a_result_is_told_in_value_words_and_picture(family, ada):
    report_id = family.file(house.potassium("5.4"), house.sodium())

    answer = ada.get(f"/results/{report_id}/")
    said = text_of(answer)

    assert "5.4 mmol/L" in said
    assert "A little above the usual range" in said
    assert "Usual: 3.5 to 5.1 mmol/L" in said
    assert "1 of 2 values is in the usual range." in said
    assert "Source: MedlinePlus" in said
    markup = answer.content.decode()
    assert 'aria-label="Potassium: 5.4 mmol/L. A little above the usual range. Usual:' in markup.replace(
        "\xa0", " "
    )
    assert "style=" not in markup
    assert "<title>Result · Steadwell</title>" in markup


def test_the_list_names_what_is_new_until_it_was_opened(family, ada):
    report_id = family.file()

    assert "New" in page(ada, "/results/")
    assert "New results" in page(ada, "/")
    page(ada, f"/results/{report_id}/")

    assert "New" not in page(ada, "/results/")
    assert "New results" not in page(ada, "/")


def test_a_correction_stands_first_for_who_had_opened_it(family, ada):
    report_id = family.file(house.potassium("6.1"), filler_number="K1")
    page(ada, f"/results/{report_id}/")

    corrected = house.potassium("4.2", status=labs.Status.CORRECTED)
    family.file(corrected, filler_number="K1", status=labs.Status.CORRECTED, issued_at=house.at(14))

    assert "Corrected since you looked" in page(ada, "/results/")
    assert "Corrected since you looked" in page(ada, "/")
    said = page(ada, f"/results/{report_id}/")
    first = said.index("This result was corrected")
    assert (
        said.index("Before 6.1 mmol/L", first)
        < said.index("Now 4.2 mmol/L")
        < said.index("Questions about it")
    )
    assert "The laboratory corrected it" in said
    assert "Corrected since you looked" not in page(ada, "/results/")


def test_what_was_taken_back_says_so(family, ada):
    report_id = family.file(filler_number="W1")
    page(ada, f"/results/{report_id}/")

    family.file(filler_number="W1", status=labs.Status.ENTERED_IN_ERROR, issued_at=house.at(14))

    assert "The laboratory took this result back" in page(ada, f"/results/{report_id}/")


@pytest.mark.parametrize("bad", [{"value": "1.2.3"}, {"unit": ""}, {"unit": "frobs"}])
def test_a_value_nobody_could_read_is_being_checked_and_hides_no_other(family, ada, bad):
    report_id = family.file(house.potassium(**bad), house.sodium())

    said = page(ada, f"/results/{report_id}/")

    assert "Your clinic is checking one value" in said
    assert "140 mmol/L" in said


def test_a_test_that_was_not_done_says_why(family, ada):
    report_id = family.file(house.potassium("TNP", value_type="ST"), house.sodium())

    assert "No value. The test was not done." in page(ada, f"/results/{report_id}/")


def test_a_trend_has_its_table_and_its_words(family, ada):
    for month, value in enumerate(("5.6", "5.2", "4.8")):
        at = NOW - timedelta(days=300 - month * 100)
        report_id = family.file(house.potassium(value), collected_at=at, issued_at=at, now=at)

    answer = ada.get(f"/results/{report_id}/")

    said = text_of(answer)
    assert "The same as a table" in said
    assert re.search(r"Potassium, 3 values: 5.6.mmol/L on .* 4.8.mmol/L on", answer.content.decode())
    assert answer.content.decode().count("trend__mark--high") == 4  # two of them, in two widths


def test_the_clinician_s_words_are_shown_with_their_name(family, ada):
    report_id = family.file()
    models.ReportComment.objects.create(
        report_id=report_id, version=1, person_id=family.person_id, audience="patient", text="All is well.",
        written_by=new_id(), written_at=NOW,
    )  # fmt: skip
    models.ReportComment.objects.create(
        report_id=report_id, version=1, person_id=family.person_id, audience="clinic", text="Watch the K.",
        written_by=new_id(), written_at=NOW,
    )  # fmt: skip

    said = page(ada, f"/results/{report_id}/")

    assert "Your clinic writes All is well." in said
    assert "Watch the K." not in said


def test_a_germ_shows_its_medicines_under_it(family, ada):
    germ = labs.IncomingObservation(
        key="germ", code=labs.Coded(code="630-4", text="Bacteria in urine", system="LN"), value_type="ST",
        value="Escherichia coli", status=labs.Status.FINAL, flags=("A",),
    )  # fmt: skip
    medicine = labs.IncomingObservation(
        key="drug", parent_key="germ", code=labs.Coded(code="18906-8", text="Ciprofloxacin", system="LN"),
        value_type="ST", value="R", status=labs.Status.FINAL, flags=("R",),
    )  # fmt: skip

    said = page(ada, f"/results/{family.file(germ, medicine)}/")

    assert "Escherichia coli" in said
    assert "Would not work" in said
    assert said.index("Escherichia coli") < said.index("Which medicines work against it")


def test_the_laboratory_s_document_leaves_as_a_file_and_is_audited(family, ada):
    report_id = family.file(attachments=(PDF,))
    document_id = models.Document.objects.get().pk

    answer = ada.get(f"/results/{report_id}/documents/{document_id}/")

    assert answer.content == b"%PDF-1.7"
    assert answer["Content-Disposition"] == 'attachment; filename="result.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert AuditEntry.objects.filter(action="lab.view-document", entity_id=report_id).exists()
    assert ada.get(f"/results/{family.file()}/documents/{document_id}/").status_code == 404


def test_the_print_page_has_everything_open(family, ada):
    report_id = family.file(house.potassium(), house.sodium(), house.potassium(key="k2"))

    answer = ada.get(f"/results/{report_id}/print/")

    page = answer.content.decode()
    assert page.count('<details class="result__more" open>') == 3
    assert "<strong>Ada Okafor</strong>" in page


def test_a_file_says_what_the_page_says_and_whose_it_is(family, ada):
    report_id = family.file(house.potassium("5.4"), house.sodium())

    said = file_of(ada, report_id)

    for word in ("Ada Okafor", "Potassium", "5.4 mmol/L", "Sodium", "What changed and when", "Page 1 of 1"):
        assert word in said
    assert AuditEntry.objects.filter(action="lab.view", entity_id=report_id, capacity="self").count() == 1


def test_a_file_is_never_opened_in_a_page_and_its_name_says_nothing(family, ada):
    answer = ada.get(f"/results/{family.file()}/file/")

    assert answer.content.startswith(b"%PDF-")
    assert answer["Content-Disposition"] == 'attachment; filename="result.pdf"'
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]


def test_a_file_in_spanish_is_spanish(family):
    said = file_of(signed_in(family.patient_id), family.file(), language="es")

    assert "Potasio" in said
    assert "Qué cambió y cuándo" in said


def test_a_file_shows_a_correction_with_what_was_before(family, ada):
    family.file(house.potassium("5.4"), filler_number="F-9")
    report_id = family.file(
        house.potassium("4.4"), filler_number="F-9", status=labs.Status.CORRECTED,
        issued_at=NOW + timedelta(hours=1),
    )  # fmt: skip

    said = file_of(ada, report_id)

    assert "This result was corrected" in said
    assert "Before: 5.4 mmol/L" in said
    assert "Now: 4.4 mmol/L" in said


def test_letters_that_no_font_has_are_marked_and_the_file_says_so(family, ada):
    report_id = family.file(performer="Лаборатория 検査")

    assert "Some letters cannot be shown" not in file_of(ada, family.file())
    assert "Some letters cannot be shown" in file_of(ada, report_id)


def test_letters_of_other_scripts_are_in_the_file_where_their_font_is(family, ada):
    report_id = family.file(performer="Лаборатория")

    content = ada.get(f"/results/{report_id}/file/").content

    assert (b"/FontFile2" in content) is Path(settings.RESULT_FONTS, "DejaVuSans.ttf").is_file()


def test_what_is_held_is_told_in_the_policy_s_words_and_to_the_patient_alone(family, ada):
    rule(words={"en": "Canary words until {until}.", "es": "Palabras."}, longest_hours=3)
    report_id = family.file()
    parent = signed_in(family.parent_id)

    said = page(ada, "/results/")
    assert "Canary words until Monday, March 2, 2026 at 6:00 p.m., UTC." in said
    assert "Show it to me now" not in said
    assert ada.get(f"/results/{report_id}/").status_code == 404
    assert "Canary" not in page(parent, "/results/")


def test_the_patient_s_own_choice_can_be_passed_over_by_the_patient(family, ada):
    choice_rules()
    assert "When do you want to see your results?" in page(ada, "/preferences/")
    sent = {"for": str(family.person_id), "choice": "after-talk", "seen": "0"}
    assert ada.post("/results/choice/", sent).status_code == 302
    report_id = family.file()
    assert "Show it to me now" in page(ada, "/results/")

    answer = ada.post(f"/results/{report_id}/show-now/", follow=True)

    assert "4.1 mmol/L" in text_of(answer)


def test_a_parent_reads_for_a_child_and_finds_no_trace_of_what_is_hidden(family):
    value = "168.75"  # a number that no address, date or count on a page can hold
    child = Family(born=date(2012, 1, 1))
    rule(loinc="2951-2", delay=Delay.PROXIES, age_from=12, age_until=18, words={})
    hidden = child.file(house.sodium(value))
    both = child.file(house.potassium(), house.sodium(value), attachments=(PDF,))
    parent = signed_in(child.parent_id)

    said = page(parent, f"/results/?for={child.person_id}")
    assert str(hidden) not in parent.get(f"/results/?for={child.person_id}").content.decode()
    assert said.count("March 2, 2026") == 1
    assert parent.get(f"/results/{hidden}/").status_code == 404
    shown = page(parent, f"/results/{both}/")
    assert "Potassium" in shown
    assert "Sodium" not in shown
    assert value not in shown
    assert "Download the laboratory" not in shown
    assert value not in file_of(parent, both)
    document = models.Document.objects.get().pk
    assert parent.get(f"/results/{both}/documents/{document}/").status_code == 404
    assert value in page(signed_in(child.patient_id), f"/results/{both}/")


def test_parents_are_told_only_of_what_they_may_see():
    child = Family(born=date(2012, 1, 1))
    rule(loinc="2951-2", delay=Delay.PROXIES, age_from=12, age_until=18, words={})
    filed = house.file(house.report(house.sodium(), patient=child.incoming))
    work()
    parent, own = signed_in(child.parent_id), signed_in(child.patient_id)

    assert "You have a new result" in page(own, "/inbox/")
    assert "You have a new result" not in page(parent, "/inbox/")
    assert str(filed.report_id) not in parent.get("/").content.decode()


def test_everybody_else_finds_nothing(family, ada):
    report_id = family.file(attachments=(PDF,))
    document_id = models.Document.objects.get().pk
    stranger = signed_in(Family().patient_id)
    gone = new_id()

    for path in ("", "print/", "file/", f"documents/{document_id}/"):
        theirs, nobodys = (stranger.get(f"/results/{each}/{path}") for each in (report_id, gone))
        assert theirs.status_code == nobodys.status_code == 404
        assert text_of(theirs).replace(str(report_id), "") == text_of(nobodys).replace(str(gone), "")
        assert Client().get(f"/results/{report_id}/{path}").status_code == 302
    assert stranger.post(f"/results/{report_id}/show-now/").status_code == 404
    assert stranger.get(f"/results/?for={family.person_id}").status_code == 404
    sent = {"for": str(family.person_id), "choice": "after-talk", "seen": "0"}
    assert stranger.post("/results/choice/", sent).status_code == 404


def test_pages_in_spanish_are_spanish(family):
    report_id = family.file(house.potassium("5.4"))
    client = signed_in(family.patient_id)

    answer = client.get(f"/results/{report_id}/", headers={"accept-language": "es"})

    assert "Potasio" in text_of(answer)


def test_statements_do_not_grow_with_results(family, ada, django_assert_max_num_queries):
    several = [house.potassium(key=f"k{n}") for n in range(14)]
    report_id = family.file(*several)
    page(ada, f"/results/{report_id}/")

    with django_assert_max_num_queries(45):
        ada.get(f"/results/{report_id}/")
    for _more in range(6):
        family.file()
    with django_assert_max_num_queries(22):
        ada.get("/results/")


def test_a_choice_of_the_page_is_kept(family, ada):
    choice_rules()
    ada.post("/results/choice/", {"for": str(family.person_id), "choice": "after-seen", "seen": "0"})

    view = choices.get_choice(actor=family.patient, person_id=family.person_id, site_id=None, now=NOW)

    assert (view.choice, view.is_own, view.version) == (Choice.AFTER_SEEN, True, 1)
    stale = ada.post(
        "/results/choice/", {"for": str(family.person_id), "choice": "at-once", "seen": "0"}, follow=True
    )
    assert "changed since you opened it" in text_of(stale)


def test_deciding_twice_tells_once(family):
    filed = house.file(house.report(patient=family.incoming))
    for _twice in range(2):
        deciding.decide(report_id=filed.report_id, now=NOW)
    work()

    assert models.Release.objects.get().rounds == 1


def test_a_critical_value_is_not_called_harmless(family, ada):
    report_id = family.file(house.potassium("7.9"), house.sodium())

    said = page(ada, f"/results/{report_id}/")

    assert "Your clinic wants to know about a value like this at once" in said
    assert "often harmless" not in said
