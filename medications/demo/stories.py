"""Who takes what in the demo: agreed, disputed, not understood, and refills in every state."""

from __future__ import annotations

from dataclasses import dataclass

from medications.types import RefillState, Source, StatementKind

A, B, OURS, OWN, SHOP = Source.EHR_A, Source.EHR_B, Source.CLINICIAN, Source.PATIENT, Source.PHARMACY
ORDER, STATEMENT, DISPENSE = StatementKind.ORDER, StatementKind.STATEMENT, StatementKind.DISPENSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one source says of one medicine, ``days`` ago."""

    source: Source
    drug: str
    dosage: str
    days: int
    kind: StatementKind = STATEMENT
    status: str = "active"
    reason: str = ""
    quantity: str = ""
    refills: int | None = None
    prescriber: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allergy:
    substance: str
    reaction: str
    severity: str


def _order(drug: str, dosage: str, days: int, reason: str) -> Line:
    return Line(
        source=OURS, drug=drug, dosage=dosage, days=days, kind=ORDER, reason=reason, quantity="90 tablets",
        refills=3,
    )  # fmt: skip


_LISINOPRIL = _order(
    "lisinopril 10 MG Oral Tablet", "Take 1 tablet by mouth every morning", 200, "High blood pressure"
)
_ATORVASTATIN = _order("atorvastatin 20 MG Oral Tablet", "Take 1 tablet at bedtime", 180, "High cholesterol")
_METOPROLOL = _order("amlodipine 5 MG Oral Tablet", "Take 1 tablet daily", 120, "High blood pressure")

# The first of the demo: sources that agree, one that does not, and words that nobody can read.
_FIRST = (
    _LISINOPRIL,
    Line(
        source=A,
        drug="Lisinopril 10mg tab",
        dosage="1 tab po qd",
        days=190,
        kind=ORDER,
        prescriber="Dr. A. Moss",
    ),
    Line(
        source=SHOP,
        drug="LISINOPRIL 10 MG ORAL TABLET (90 CT)",
        dosage="Take 1 tablet daily",
        days=40,
        kind=DISPENSE,
        status="filled",
    ),
    _ATORVASTATIN,
    Line(
        source=B,
        drug="Lipitor 20mg tablet",
        dosage="Take 2 tablets daily",
        days=30,
        kind=ORDER,
        status="A",
        prescriber="City Hospital",
    ),
    Line(
        source=OWN, drug="IBU 200", dosage="1 tablet as needed", days=10, status="taking", reason="Knee pain"
    ),
    Line(source=OWN, drug="the white heart pill", dosage="", days=9, status="taking"),
)
# The second: "I stopped" against an active order, and a status of which nobody knows the meaning.
_SECOND = (
    _METOPROLOL,
    Line(
        source=OWN,
        drug="amlodipine 5 MG Oral Tablet",
        dosage="",
        days=3,
        status="stopped",
        reason="Swollen ankles",
    ),
    Line(
        source=B,
        drug="cetirizine hydrochloride 10 MG Oral Tablet",
        dosage="Take 1 tablet daily",
        days=60,
        status="zz-legacy",
    ),
)
_OTHERS = (_LISINOPRIL, _ATORVASTATIN, _METOPROLOL)

_REFILLS = {
    0: RefillState.REQUESTED, 2: RefillState.SENT, 3: RefillState.ACCEPTED, 4: RefillState.FILLED,
    5: RefillState.PHARMACY_REFUSED, 6: RefillState.UNANSWERED, 7: RefillState.DECLINED,
    8: RefillState.WITHDRAWN,
    9: RefillState.REQUESTED, 10: RefillState.FILLED,
}  # fmt: skip


def of(number: int) -> tuple[Line, ...]:
    if number == 0:
        return _FIRST
    if number == 1:
        return _SECOND
    return (_OTHERS[number % 3],) if number < 16 else ()


def allergies_of(number: int) -> tuple[Allergy, ...]:
    if number in {0, 4}:
        return (Allergy(substance="penicillin", reaction="Rash", severity="moderate"),)
    if number == 2:
        return (Allergy(substance="ibuprofen", reaction="Swollen lips", severity="severe"),)
    return ()


def refill_of(number: int) -> RefillState | None:
    return _REFILLS.get(number)
