"""What a laboratory reports of the kidneys is what the next prescription is checked against."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from medicine_house import DOCTOR, NOW, file, prescribed, said

from labs import service as labs
from medications import service as medications
from steadwell.ids import PersonId

sys.path.insert(0, str(Path(__file__).parents[1] / "labs"))
import lab_house

pytestmark = pytest.mark.django_db
METFORMIN = "metformin hydrochloride 500 MG Oral Tablet"
EGFR = labs.Coded(code="98979-8", text="eGFR", system="LN")


def reported(value: str) -> None:
    observation = lab_house.potassium(
        value, key="98979-8", code=EGFR, unit="mL/min/1.73m2", range_text="60-120"
    )
    lab_house.file(lab_house.report(observation, patient=lab_house.patient("MR-K")))


def check(who: PersonId) -> medications.CheckView:
    return medications.get_check(
        actor=DOCTOR, person_id=who, drug_text=METFORMIN, dosage_text="Take 1 tablet twice daily", now=NOW
    )


def test_a_reported_kidney_function_stops_what_it_must():
    who = lab_house.registered("MR-K")
    file(who, said())
    assert "no-kidney-function" in {each.why for each in check(who).not_checked}

    reported("24")

    told = check(who)
    (finding,) = [each for each in told.findings if each.rule.endswith("metformin-egfr-30")]
    assert finding.needs_reason
    assert not {each.why for each in told.not_checked} & {"no-kidney-function", "old-kidney-function"}
    with pytest.raises(medications.ReasonNeeded):
        prescribed(who, METFORMIN)


def test_a_value_beyond_its_methods_limit_is_not_taken_for_a_number():
    who = lab_house.registered("MR-K")
    file(who, said())

    reported(">60")

    assert "no-kidney-function" in {each.why for each in check(who).not_checked}
