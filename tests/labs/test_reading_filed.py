"""A number counts only with a unit that is understood; the unreadable is shown as sent, and set aside."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from lab_house import (
    ADMINISTRATOR,
    CLINICIAN,
    NOW,
    again,
    at,
    events_of,
    file,
    potassium,
    registered,
    report,
    seen,
    sodium,
)

from labs import service as labs
from labs.models import LabSender, UnitSynonym
from labs.types import Flag, Status
from steadwell.errors import NotFound

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def ada():
    return registered()


def only(filed: labs.Filed) -> labs.ResultView:
    (found,) = seen(filed).results
    return found


def set_aside() -> list[labs.SetAside]:
    return labs.list_set_aside(actor=ADMINISTRATOR, now=NOW)


def replay(row: labs.SetAside, **corrected: str) -> None:
    labs.replay_observation(
        actor=ADMINISTRATOR, quarantine_id=row.quarantine_id, corrected=corrected, reason="asked the lab",
        now=NOW,
    )  # fmt: skip


def test_digits_and_words_are_kept_as_sent():
    result = only(file(report(potassium("4.10", unit="mEq/L"))))

    assert (result.value_text, result.unit_text) == ("4.10", "mEq/L")
    assert str(result.quantity.value) == "4.10"
    assert result.quantity.unit == "meq/L"


@pytest.mark.parametrize(
    ("sent", "why"),
    [({"unit": ""}, "unit"), ({"unit": "K/uL"}, ""), ({"unit": "furlongs"}, "furlongs"), ({"unit": "g"}, "")],
)
def test_number_whose_unit_is_not_understood_is_no_number(sent, why):
    filed = file(report(potassium("4.1", **sent), sodium()))

    potassium_result, sodium_result = seen(filed).results
    assert potassium_result.quantity is None
    assert (potassium_result.value_text, potassium_result.unit_text) == ("4.1", sent["unit"])
    assert why in potassium_result.unit_reason
    assert potassium_result.unit_reason
    assert sodium_result.quantity is not None
    assert filed.quarantined == 1


@pytest.mark.parametrize("value", ["1e400", "1,234", "4..1"])
def test_value_that_cannot_be_read_is_shown_as_sent(value):
    filed = file(report(potassium(value, range_text=""), sodium()))

    result = seen(filed).results[0]
    assert (result.value_text, result.quantity) == (value, None)
    assert result.problem
    assert [row.said.value for row in set_aside()] == [value]


def test_flag_of_the_sender_survives_an_unreadable_value():
    filed = file(report(potassium("1,234", range_text="", flags=("HH",))))

    assert filed.critical
    assert only(filed).flag is Flag.CRITICAL_HIGH


def test_flags_are_computed_and_held_against_the_senders():
    result = only(file(report(potassium("5.9", flags=("N",)))))

    assert (result.flag, result.flag_computed, result.flags_disagree) == (Flag.HIGH, Flag.HIGH, True)


def test_critical_by_our_own_limits_is_critical():
    filed = file(report(potassium("7.9", flags=("H",))))

    assert only(filed).flag is Flag.CRITICAL_HIGH
    assert filed.critical


def test_own_range_is_used_where_the_laboratory_sent_none():
    result = only(file(report(potassium("4.1", range_text=""))))

    assert result.range_is_ours
    assert result.range_low < Decimal("4.1") < result.range_high


def test_range_in_another_unit_is_brought_to_the_values():
    glucose = labs.Coded(code="2345-7", text="Glucose", system="LN")
    said = potassium("5.4", key="2345-7", code=glucose, unit="mmol/L", range_text="70 mg/dL - 100 mg/dL")

    result = only(file(report(said)))

    assert Decimal("3.8") < result.range_low < Decimal("4.0")
    assert result.flag_computed is Flag.NORMAL


def test_corrected_observation_is_read_and_counts(ada):
    filed = file(report(potassium("5.4", unit="furlongs")))
    (row,) = set_aside()

    replay(row, unit="mmol/L")

    result = only(filed)
    assert (str(result.quantity.value), result.quantity.unit, result.flag) == ("5.4", "mmol/L", Flag.HIGH)
    assert result.reason == "reread"
    assert set_aside() == []
    assert seen(filed).quarantined == 0
    assert sorted(type(e).__name__ for e in events_of(filed)) == [
        "LabReportCorrected", "LabReportFiled", "LabReportFiled",
    ]  # fmt: skip


def test_what_still_cannot_be_read_is_refused():
    file(report(potassium("5.4", unit="furlongs")))
    (row,) = set_aside()

    with pytest.raises(labs.StillUnreadable):
        replay(row, unit="parsecs")

    assert len(set_aside()) == 1


def test_settled_twice_is_refused():
    file(report(potassium("5.4", unit="furlongs")))
    (row,) = set_aside()
    labs.dismiss_observation(actor=ADMINISTRATOR, quarantine_id=row.quarantine_id, reason="as it is", now=NOW)

    with pytest.raises(labs.AlreadySettled):
        replay(row, unit="mmol/L")


def test_later_word_of_the_laboratory_wins_over_a_reading():
    said = report(potassium("5.4", unit="furlongs"))
    filed = file(said)
    replay(set_aside()[0], unit="mmol/L")

    file(again(said, potassium("4.4", status=Status.CORRECTED), status=Status.CORRECTED, issued_at=at(13)))

    assert (only(filed).value_text, only(filed).status) == ("4.4", Status.CORRECTED)


def test_correction_that_can_be_read_needs_nobody_any_more():
    said = report(potassium("5.4", unit="furlongs"))
    filed = file(said)

    file(again(said, potassium("5.4", status=Status.CORRECTED), status=Status.CORRECTED, issued_at=at(13)))

    assert set_aside() == []
    assert seen(filed).quarantined == 0


def test_synonym_of_the_sender_makes_it_readable():
    file(report(potassium("5.4", unit="furlongs")))
    sender = LabSender.objects.create(sender="north-lab")
    UnitSynonym.objects.create(sender=sender, raw="furlongs", ucum="mmol/L")

    replay(set_aside()[0])

    assert only(file(report(potassium("5.4", unit="furlongs")))).quantity is not None
    assert set_aside() == []


def test_observation_that_the_wire_refused_is_shown_with_its_reason():
    broken = replace(potassium("??"), refusal="OBX-3 is missing.")

    filed = file(report(broken, sodium()))

    assert [r.problem for r in seen(filed).results] == ["OBX-3 is missing.", ""]


def test_only_administrators_put_readings_right():
    file(report(potassium("5.4", unit="furlongs")))

    with pytest.raises(NotFound):
        labs.list_set_aside(actor=CLINICIAN, now=NOW)
