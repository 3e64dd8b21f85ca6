"""What a person reads before an app is let in: every type that is served, in words, in both languages."""

from __future__ import annotations

import pytest
from django.utils import translation

from fhir_facade.oauth.consent import WORDS, lines
from fhir_facade.oauth.wanted import Wanted
from fhir_facade.server.registry import registry
from fhir_facade.smart import scopes


def words_of(text: str) -> str:
    scope = scopes.parse_one(text)
    assert scope is not None
    (line,) = lines(Wanted(data=((text, scope),), around=()))
    return line.words


@pytest.mark.parametrize("kind", [each.type for each in registry()])
def test_every_type_has_words_in_english_and_spanish(kind):
    told = set()
    for language in ("en", "es"):
        with translation.override(language):
            told.add(str(WORDS[kind]))
            assert words_of(f"patient/{kind}.rs") == str(WORDS[kind])

    assert len(told) == 2
    assert kind not in told


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("patient/MedicationRequest.rs?status=active", "Prescriptions (some of them only)"),
        ("patient/MedicationStatement.rs?status=active&code=1", "Medicines you take (some of them only)"),
        ("patient/Observation.rs?category=http://x|laboratory",
         "Test results and measurements (laboratory results only)"),
        ("patient/MedicationRequest.rs?category=community", "Prescriptions (some of them only)"),
        ("patient/Encounter.rs", "Visits that took place and hospital stays"),
    ],
)  # fmt: skip
def test_a_narrow_scope_says_that_it_is_less_than_all(scope, words):
    with translation.override("en"):
        assert words_of(scope) == words
