"""Reasons why a unit or a value was not trusted, told in the reader's language."""

from __future__ import annotations

import pytest
from django.utils import translation

from labs import reading
from labs.presenters.reasons import in_words
from labs.values import NOT_A_NUMBER
from steadwell.terminology import service as terminology

GENERIC = "La unidad no se pudo entender o convertir con seguridad."


def refused(unit: str, loinc: str) -> str:
    """As a message's reading stores it."""
    answer = terminology.check_unit(loinc, "") if not unit else terminology.map_unit(unit, loinc=loinc)
    assert not answer.ok
    return answer.reason


@pytest.mark.parametrize(
    ("unit", "loinc", "part"),
    [
        ("", "718-7", "necesita una unidad"),
        ("blobs", "718-7", "Nadie ha dicho todavía qué significa «blobs»."),
        ("mmol", "2823-3", "no mide lo mismo que mmol/L"),
    ],
)
def test_refused_units_are_told_in_spanish(unit, loinc, part):
    reason = refused(unit, loinc)

    with translation.override("es"):
        assert part in in_words(reason)


@pytest.mark.parametrize("reason", [NOT_A_NUMBER, reading.TWO_UNITS, reading.IMPLAUSIBLE])
def test_refused_values_are_told_in_spanish(reason):
    with translation.override("es"):
        assert in_words(reason) not in {reason, GENERIC}


def test_no_reason_is_shown_in_english_to_a_reader_of_spanish():
    with translation.override("es"):
        assert in_words("Something that the engine learnt to say later.") == GENERIC
        assert in_words("") == ""


def test_a_reader_of_english_reads_the_record_s_own_words():
    reason = refused("blobs", "718-7")

    with translation.override("en"):
        assert in_words(reason) == reason
