"""What a source said, read: the drug as a code, the status in one vocabulary, the dosage in numbers.

The words stay beside what they were read as. Nothing is guessed: what fits two is ambiguous, and a code that
contradicts its own words is too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from medications import dosage, status
from medications.types import UNDERSTOOD, Grade, IncomingAllergy, IncomingStatement, Reading
from steadwell.terminology import service as terminology

CLINICAL_DRUGS = frozenset({"SCD", "SBD", "GPCK", "BPCK"})
_NEEDS: Mapping[Grade, str] = {
    Grade.AMBIGUOUS: "drug-ambiguous", Grade.NONE: "drug-unknown", Grade.INGREDIENT_ONLY: "ingredient-only",
}  # fmt: skip
CONTRADICTS = "code-contradicts"
STATUS_UNKNOWN = "status-unknown"


def read_drug(text: str, code: str = "") -> tuple[Reading, str]:
    """The reading of a drug's words with the code its sender gave, and what it needs (or empty)."""
    said = _from_text(text)
    coded = _from_code(code) if code else None
    if coded is None:
        return said, _NEEDS.get(said.grade, "")
    if _contradict(said, coded):
        both = tuple(dict.fromkeys(((coded.rxcui, coded.name), (said.rxcui, said.name), *said.candidates)))
        return (
            Reading(
                grade=Grade.AMBIGUOUS, reason=CONTRADICTS, release=said.release,
                candidates=tuple(each for each in both if each[0]),
            ),
            CONTRADICTS,
        )  # fmt: skip
    best = coded if coded.grade in UNDERSTOOD or said.grade not in UNDERSTOOD else said
    return best, _NEEDS.get(best.grade, "")


def _from_text(text: str) -> Reading:
    found = terminology.normalise_drug(text)
    grade = Grade(found.grade.value)
    return _reading(
        grade, found.rxcui or "", found.term_type, found.name, found.ingredients, found.candidates,
        reason=found.reason, release=found.release,
    )  # fmt: skip


def _from_code(code: str) -> Reading | None:
    drug = terminology.find_drug(code)
    if drug is None:
        return None
    grade = Grade.EXACT if drug.term_type in CLINICAL_DRUGS else Grade.INGREDIENT_ONLY
    return _reading(grade, drug.rxcui, drug.term_type, drug.name, drug.ingredients, (), reason="code-sent")


def _reading(
    grade: Grade,
    rxcui: str,
    term_type: str,
    name: str,
    ingredients: tuple[terminology.Ingredient, ...],
    candidates: tuple[tuple[str, str], ...],
    *,
    reason: str,
    release: str = "",
) -> Reading:
    if grade in UNDERSTOOD:
        if term_type not in CLINICAL_DRUGS:
            grade = Grade.INGREDIENT_ONLY  # an exact name of an ingredient, or of a brand without a strength
        else:
            plain = terminology.find_drug(rxcui)
            # A short list may lack the unbranded drug: then the branded one stands for itself.
            if plain is not None and plain.clinical_drug not in {"", rxcui}:
                unbranded = terminology.find_drug(plain.clinical_drug)
                rxcui = plain.clinical_drug
                name, term_type = (unbranded.name, unbranded.term_type) if unbranded else (name, term_type)
    return Reading(
        grade=grade, rxcui=rxcui, tty=term_type, name=name,
        ingredients=tuple(each.rxcui for each in ingredients),
        ingredient_names=tuple(each.name for each in ingredients), candidates=candidates[:20],
        reason=reason[:300], release=release or terminology.release().name,
    )  # fmt: skip


def _contradict(said: Reading, coded: Reading) -> bool:
    if said.grade in UNDERSTOOD and coded.grade in UNDERSTOOD:
        return said.rxcui != coded.rxcui
    names = set(said.ingredient_names)
    return bool(names) and bool(coded.ingredient_names) and not names & set(coded.ingredient_names)


def key_of(entity_id: UUID, reading: Reading) -> str:
    """Only statements that name one clinical drug are ever on one line by themselves."""
    return f"C:{reading.rxcui}" if reading.grade in UNDERSTOOD else f"S:{entity_id}"


def drug_columns(text: str, code: str) -> tuple[dict[str, Any], Reading]:
    found, needs = read_drug(text, code)
    return {
        "code_sent": code[:20],
        "rxcui": found.rxcui,
        "tty": found.tty,
        "ingredients": list(found.ingredients),
        "ingredient_names": list(found.ingredient_names),
        "candidates": [list(c) for c in found.candidates],
        "grade": found.grade.value,
        "reading_reason": found.reason,
        "release": found.release[:40],
        "needs": needs,
    }, found


def statement_columns(entity_id: UUID, said: IncomingStatement) -> dict[str, Any]:
    """The columns of ``Said`` for one statement."""
    drug, found = drug_columns(said.drug_text, said.rxcui)
    meaning, is_known = status.status_of(said.source, said.status_word)
    taken = dosage.read(said.dosage_text)
    columns = {
        **drug,
        "drug_text": said.drug_text[:500], "drug_name": found.name[:500], "key": key_of(entity_id, found),
        "needs": drug["needs"] or ("" if is_known else STATUS_UNKNOWN),
        "status": meaning.value, "status_word": said.status_word[:60], "dosage_text": said.dosage_text[:500],
        "amount_low": _text(taken.amount_low), "amount_high": _text(taken.amount_high),
        "amount_unit": taken.unit, "per_day": _text(taken.per_day), "as_needed": taken.as_needed,
        "started_on": said.started_on, "ended_on": said.ended_on, "reason_text": said.reason_text[:300],
        "prescriber_name": said.prescriber_name[:200], "quantity_text": said.quantity_text[:60],
        "refills_left": said.refills_left, "said_at": said.said_at,
    }  # fmt: skip
    columns["digest"] = digest_of(columns)
    return columns


def digest_of(columns: Mapping[str, Any]) -> str:
    """Of what a decision about the line stands on: as long as it is the same, the decision holds."""
    names = ("drug_text", "code_sent", "status", "status_word", "dosage_text", "ended_on")
    return _hash([str(columns[name] or "") for name in names])[:32]


def drug_digest(drug_text: str, code_sent: str) -> str:
    """Of what a decision about a statement's drug stands on: its words and its sender's code."""
    return _hash([drug_text, code_sent])[:32]


def content_digest(said: IncomingStatement | IncomingAllergy) -> str:
    """Of all that was said, with when it was said: the same message again is the same version."""
    names = [name for name in said.__dataclass_fields__ if name != "seen_version"]
    return _hash([str(getattr(said, name) if getattr(said, name) is not None else "") for name in names])


def allergy_columns(said: IncomingAllergy) -> dict[str, Any]:
    """The columns of ``SaidAllergy``. An ingredient is all an allergy needs: it is understood then."""
    drug, found = drug_columns(said.substance_text, said.rxcui)
    meaning, is_known = status.allergy_status_of(said.status_word)
    needs = "" if drug["needs"] == "ingredient-only" else drug["needs"]
    if needs == "drug-ambiguous" and found.ingredients:
        needs = ""  # which product does not matter: what is in it is certain
    return {
        **drug,
        "substance_text": said.substance_text[:300],
        "substance_name": (found.name or ", ".join(found.ingredient_names))[:300],
        "needs": needs or ("" if is_known else STATUS_UNKNOWN),
        "status": meaning, "status_word": said.status_word[:60], "reaction_text": said.reaction_text[:300],
        "severity": said.severity, "said_at": said.said_at,
    }  # fmt: skip


def _text(number: object) -> str:
    return str(number) if number is not None else ""


def _hash(values: list[str]) -> str:
    return hashlib.blake2b(orjson.dumps(values), digest_size=32).hexdigest()


def again_digest(entity_id: UUID, version: int, release: str) -> str:
    """In the place of ``content_digest`` for words that were read again by another release."""
    return _hash([str(entity_id), str(version), release])
