"""Shapes of real feeds, through the real path: what a clinician then reads on the page."""

from __future__ import annotations

import html
import re

import pytest
from hl7_messages import header, message, order, patient, result
from working import receive, work

from fhir_facade.hl7v2.models import Hl7Outcome, Hl7Sender
from labs import service as labs
from labs.presenters import clinic_words, words
from steadwell import clock
from steadwell.actor import Actor, Role
from steadwell.ids import UserId, new_id

pytestmark = pytest.mark.django_db
READER = Actor(user_id=UserId(new_id()), roles=frozenset({Role.ADMINISTRATOR}))


@pytest.fixture(autouse=True)
def _sender() -> None:
    now = clock.now()
    Hl7Sender.objects.create(
        name="north-lab", networks=["127.0.0.0/8"], message_types=["ORU^R01"], created_at=now, changed_at=now
    )


def filed(*segments: str) -> list[labs.ReportView]:
    _, stored = receive(message(header(), patient(), *segments))
    work()
    now = clock.now()
    outcome = Hl7Outcome.objects.get(message=stored)
    return [labs.get_report(actor=READER, report_id=each, now=now) for each in outcome.report_ids]


def read(*segments: str) -> list[tuple[str, str]]:
    """Value and flag of each result of one report, as the clinician reads them."""
    (report,) = filed(order(), *segments)
    return [
        (re.sub(r"\s", " ", html.unescape(clinic_words.value_text(each))), clinic_words.flag_of(each)[0])
        for each in report.results
    ]


@pytest.mark.parametrize(
    ("kind", "value", "unit", "shown"),
    [
        ("SN", "=^1^:^640", "{titer}", "1:640"),
        ("SN", "^1^:^16", "", "1:16"),
        ("SN", ">=^1^:^1280", "{titer}", "≥1:1280"),
        ("SN", "^182", "mg/dL", "182 mg/dL"),
        ("SN", ">=^32", "ug/mL", "≥32 µg/mL"),
        ("SN", "=^0.50", "ug/mL", "0.50 µg/mL"),
        ("SN", "^3^-^5", "/[HPF]", "3–5 /[HPF]"),
        ("SN", "^2^+", "", "2+"),
        ("DT", "20240229", "", "Feb 29, 2024"),
        ("TS", "202402291405", "", "Feb 29, 2024, 14:05"),
        ("DT", "20240231", "", "20240231"),
        ("ST", "SYN-S", "", "SYN-S"),
        ("NM", "29", "pg/{cell}", "29 pg/cell"),
        ("NM", "105600", "{cells}/uL", "105 600 cells/µL"),
        ("NM", "4.06", "10*12/L", "4.06 10¹²/L"),
    ],
)
def test_value_is_read_as_it_would_be_written(kind: str, value: str, unit: str, shown: str) -> None:
    coded = f"{unit}^^UCUM" if unit else ""

    ((said, _),) = read(
        result(code="LOCAL-1^Something measured^L", kind=kind, value=value, unit=coded, range_="", flags="")
    )

    assert said == shown


@pytest.mark.parametrize(
    ("flag", "shown", "abnormal"),
    [
        ("R", "Resistant", True),
        ("S", "Susceptible", False),
        ("I", "Intermediate", False),
        ("POS", "Positive", True),
        ("NEG", "Negative", False),
        ("DET", "Detected", True),
        ("ND", "Not detected", False),
        ("A", "Abnormal", True),
        ("N", "", False),
    ],
)
def test_marks_of_findings_are_words_and_what_was_found_is_abnormal(
    flag: str, shown: str, abnormal: bool
) -> None:
    (report,) = filed(order(), result(kind="ST", value="seen", unit="", range_="", flags=flag))

    assert clinic_words.flag_of(report.results[0])[0] == shown
    assert report.abnormal is abnormal


def test_patient_reads_a_titre_and_a_mark_in_words() -> None:
    (report,) = filed(
        order(),
        result(code="L-2^Antibody titre^L", kind="SN", value="=^1^:^640", unit="{titer}",
               range_="<10 = Negative", flags="POS"),
    )  # fmt: skip
    titre = report.results[0]

    assert words.value_of(titre) == ("1:640", "")
    assert words.flag_words(titre) == ("Positive", "warn")


def test_culture_with_isolates_and_what_they_resist() -> None:
    """An isolate in the culture's own order, its susceptibilities in one that names it as their parent."""
    culture = order("M-1", code="600-7^Bacteria identified in blood by culture^LN")
    panel = order(
        "M-2", code="50545-3^Susceptibility panel^LN", number=2, parent="P-1^M-1",
        parent_result="600-7&Bacteria identified&LN^1^Enterococcus faecium",
    )  # fmt: skip
    first, second = filed(
        culture,
        result(code="600-7^Bacteria identified^LN", kind="CWE", value="90272000^Enterococcus faecium^SCT",
               unit="", range_="", flags="A", sub_id="1"),
        panel,
        result(1, code="28-1^Ampicillin^LN", kind="SN", value="=^16", unit="ug/mL", range_="", flags="R",
               sub_id="1"),
        result(2, code="29254-0^Linezolid^LN", kind="SN", value="=^2", unit="ug/mL", range_="", flags="S",
               sub_id="1"),
    )  # fmt: skip

    assert [clinic_words.value_text(each) for each in first.results] == ["Enterococcus faecium"]
    assert [(clinic_words.flag_of(each)[0], bool(each.parent_key)) for each in second.results] == [
        ("Resistant", True),
        ("Susceptible", True),
    ]
    assert (first.abnormal, second.abnormal) == (True, True)


def test_questions_asked_at_order_entry_stand_beside_the_results() -> None:
    bare = {"unit": "", "range_": "", "flags": ""}
    answers = read(
        result(1, code="94500-6^SARS-CoV-2 RNA^LN", kind="CWE", value="260415000^Not detected^SCT",
               **bare | {"flags": "N"}),
        result(2, code="95419-8^Has symptoms^LN", kind="CWE", value="Y^Yes^HL70136", **bare),
        result(3, code="11368-8^Illness onset date^LN", kind="DT", value="20260224", **bare),
        result(4, code="21612-7^Reported patient age^LN", kind="SN", value="^43",
               **bare | {"unit": "a^year^UCUM"}),
    )  # fmt: skip

    assert [value for value, _ in answers] == ["Not detected", "Yes", "Feb 24, 2026", "43 years"]


def test_pending_parts_come_before_their_values_and_the_blood_count_is_complete_later() -> None:
    pending = result(
        1, code="718-7^Hemoglobin^LN", value="", unit="g/dL", range_="13-18", flags="", status="I"
    )
    early = result(
        2, code="789-8^Erythrocytes^LN", value="4.06", unit="10*6/uL", range_="", flags="", status="P"
    )

    assert [value for value, _ in read(pending, early)] == ["The laboratory sent no value.", "4.06 10⁶/µL"]


@pytest.mark.parametrize(
    ("said", "abnormal"),
    [
        ("Escherichia coli", True),
        ("Many Candida albicans", True),
        ("No growth after 48 hours", False),
        ("No Salmonella or Shigella isolated", False),
        ("Normal oral flora", False),
        ("Negative", False),
    ],
)
def test_a_germ_that_came_without_a_mark_is_not_signed_among_the_normal_ones(
    said: str, abnormal: bool
) -> None:
    (report,) = filed(
        order(code="600-7^Blood culture^LN"),
        result(code="600-7^Bacteria identified^LN", kind="ST", value=said, unit="", range_="", flags=""),
    )

    assert report.abnormal is abnormal
