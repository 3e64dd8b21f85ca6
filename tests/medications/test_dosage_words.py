"""Dosages and statuses as sources write them."""

from __future__ import annotations

import pytest

from medications import dosage
from medications.status import WORDS, status_of
from medications.types import Source, Status


@pytest.mark.parametrize(
    ("text", "much", "often"),
    [
        ("Take 1 tablet by mouth daily", "1-1 tablet", "1"),
        ("1 tab po qd", "1-1 tablet", "1"),
        ("Take two tablets by mouth twice daily", "2-2 tablet", "2"),
        ("1 tab PO BID", "1-1 tablet", "2"),
        ("1-2 tablets every 8 hours as needed", "1-2 tablet", "3 prn"),
        ("take 1 capsule three times daily", "1-1 capsule", "3"),
        ("2 puffs four times a day", "2-2 puff", "4"),
        ("Take 10 mL at bedtime", "10-10 mL", "1"),
        ("half a tablet every other day", "0.5-0.5 tablet", "0.5"),
        ("Take 1/2 tablet daily", "0.5-0.5 tablet", "1"),
        ("inject 20 units every evening", "20-20 unit", "1"),
        ("1 tab b.i.d.", "1-1 tablet", "2"),
    ],
)
def test_dosage_is_read(text, much, often):
    assert dosage.compared(dosage.read(text)) == (much, often)


@pytest.mark.parametrize(
    "text",
    ["", "as directed", "1 tablet every 4-6 hours", "daily", "take 1 tablet", "1 tab bid then 2 tabs tid"],
)
def test_what_is_not_certain_is_not_read(text):
    assert not dosage.read(text).is_read


@pytest.mark.parametrize(
    ("source", "word", "meaning"),
    [
        (Source.EHR_A, "Discontinued", Status.STOPPED),
        (Source.EHR_B, "DC", Status.STOPPED),
        (Source.PHARMACY, "No Refills", Status.COMPLETED),
        (Source.PHARMACY, "returned_to_stock", Status.NOT_TAKEN),
        (Source.PATIENT, "not started", Status.INTENDED),
        (Source.CLINICIAN, "on-hold", Status.ON_HOLD),
    ],
)
def test_words_of_each_source(source, word, meaning):
    assert status_of(source, word) == (meaning, True)


def test_an_unknown_word_asks_for_a_person_and_a_blank_one_says_nothing():
    assert status_of(Source.EHR_A, "zz") == (Status.UNKNOWN, False)
    assert status_of(Source.EHR_A, "") == (Status.UNKNOWN, True)
    assert all({"active", "entered-in-error"} <= table.keys() for table in WORDS.values())


def test_a_number_longer_than_any_dose_stays_in_the_words():
    found = dosage.read("take 123456789.123456789012 tablets daily")

    assert (found.amount_low, found.is_read) == (None, False)
    assert "123456789.123456789012" in found.text
