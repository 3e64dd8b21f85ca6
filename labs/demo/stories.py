"""What the demo's laboratory has said: four people's stories over two years, and the week of some others.

Everything follows from ``now`` and a fixed seed. ``days`` counts back from it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from labs.demo.paper import pdf
from labs.demo.saying import LABORATORY, DemoPatient, report, value
from labs.types import Attachment, IncomingObservation, IncomingReport, Status

BASIC = ("2345-7", "3094-0", "2160-0", "17861-6", "2951-2", "2823-3", "2075-0", "2028-9")
LIPIDS = ("2093-3", "2085-9", "13457-7", "2571-8")
BLOOD = ("6690-2", "789-8", "718-7", "4544-3", "777-3")
# The middle of what an adult has; the others are spread around it.
MIDDLE = {
    "2345-7": ("92", 0), "3094-0": ("15", 0), "2160-0": ("0.9", 2), "17861-6": ("9.4", 1),
    "2951-2": ("140", 0), "2823-3": ("4.2", 1), "2075-0": ("102", 0), "2028-9": ("25", 0),
    "2093-3": ("182", 0), "2085-9": ("52", 0), "13457-7": ("108", 0), "2571-8": ("120", 0),
    "6690-2": ("6.8", 1), "789-8": ("4.60", 2), "718-7": ("13.8", 1), "4544-3": ("41", 0),
    "777-3": ("245", 0), "3016-3": ("2.1", 2), "3024-7": ("1.2", 1), "1742-6": ("24", 0),
    "1920-8": ("22", 0),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message and when it came. ``signed``: a clinician has read it, with the words to the patient."""

    report: IncomingReport
    at: datetime
    signed: bool = True
    words: str = ""
    opened: bool = False  # the patient has read this version

    @property
    def number(self) -> str:
        """Whose it is, by their own number."""
        return self.report.patient.external_id if self.report.patient else ""


def tell(patients: Sequence[DemoPatient], now: datetime) -> Iterator[Said]:
    """In the order in which it came."""
    maria, daniel, grace, robert, noah, *others = patients
    said = [*_maria(maria, now), *_daniel(daniel, now), *_grace(grace, now), *_robert(robert, now)]
    said += [*_noah(noah, now), *_others(others, now)]
    yield from sorted(said, key=lambda each: (each.at, each.report.filler_number))


def _at(now: datetime, days: float) -> datetime:
    return (now - timedelta(days=days)).replace(microsecond=0)


def _maria(who: DemoPatient, now: datetime) -> Iterator[Said]:
    """Diabetes that comes under control over two years; a potassium that was corrected; lipids."""
    sugar = ("8.6", "8.1", "7.6", "7.4", "7.0", "6.8", "6.6", "6.4")
    kidney = ("0.84", "0.86", "0.85", "0.90", "0.93", "0.98", "1.02", "1.06")
    for turn, (a1c, creatinine) in enumerate(zip(sugar, kidney, strict=True)):
        at = _at(now, 728 - turn * 103)
        last = turn == len(sugar) - 1
        yield Said(
            report=report(
                who, "4548-4", f"M-A1C-{turn}", at, value(who, "4548-4", a1c, at.date()),
                value(who, "2160-0", creatinine, at.date()), name="Diabetes follow-up",
                attachments=[_document("Hemoglobin A1c", a1c)] if last else (),
            ),
            at=at + timedelta(hours=6),
            opened=not last,
            words="Su azúcar sigue bajando. Siga así. Lo vemos en su próxima cita." if last else "",
        )  # fmt: skip
    for turn, ldl in enumerate(("146", "118")):
        at = _at(now, 380 - turn * 340)
        values = {"2093-3": "214", "2085-9": "49", "13457-7": ldl, "2571-8": "168"} if turn == 0 else {}
        yield Said(
            report=report(
                who, "24331-1", f"M-LIP-{turn}", at, *_panel(who, LIPIDS, at, {"13457-7": ldl} | values)
            ),
            at=at + timedelta(hours=6), opened=turn == 0,
        )  # fmt: skip
    yield from _corrected(who, now)


def _corrected(who: DemoPatient, now: datetime) -> Iterator[Said]:
    """First told too high, because the sample had broken down; measured again the day after."""
    at, number = _at(now, 12), "M-BMP-1"
    first = _panel(who, BASIC, at, {"2823-3": "5.9", "2160-0": "1.04"})
    yield Said(report=report(who, "24321-2", number, at, *first), at=at + timedelta(hours=6), opened=True)
    again = [
        value(
            who, "2823-3", "4.4", at.date(), status=Status.CORRECTED,
            notes=("Corrected: the first sample was hemolyzed. Measured again from a new sample.",),
        )
        if each.key == "2823-3"
        else each
        for each in first
    ]  # fmt: skip
    later = at + timedelta(days=1)
    yield Said(
        report=report(who, "24321-2", number, at, *again, status=Status.CORRECTED, told_at=later),
        at=later + timedelta(hours=1), signed=False,
    )  # fmt: skip


def _daniel(who: DemoPatient, now: datetime) -> Iterator[Said]:
    """A blood count, a liver that was a little busy, and one value that nobody could read."""
    at = _at(now, 200)
    yield Said(
        report=report(who, "58410-2", "D-CBC-1", at, *_panel(who, BLOOD, at)),
        at=at + timedelta(hours=6), opened=True,
    )  # fmt: skip
    for turn, alt in enumerate(("88", "61", "49")):
        at = _at(now, 130 - turn * 60)
        yield Said(
            report=report(
                who, "24325-3", f"D-LIV-{turn}", at, value(who, "1742-6", alt, at.date()),
                value(who, "1920-8", "31", at.date()), name="Liver tests",
            ),
            at=at + timedelta(hours=6), opened=turn < 2,
            words="Your liver values are on their way back to normal. No new test is needed before spring."
            if turn == 2 else "",
        )  # fmt: skip
    at = _at(now, 3)
    blood = [*_panel(who, BLOOD, at)[:-1], value(who, "777-3", "2 45", at.date(), unit="thou/mm3?")]
    yield Said(
        report=report(who, "58410-2", "D-CBC-2", at, *blood), at=at + timedelta(hours=6),
        signed=False,
    )  # fmt: skip


def _grace(who: DemoPatient, now: datetime) -> Iterator[Said]:
    """A thyroid that is being set, a urine culture from preliminary to final, one result that waits."""
    for turn, tsh in enumerate(("8.40", "5.20", "3.10", "2.40")):
        at = _at(now, 420 - turn * 120)
        yield Said(
            report=report(
                who, "24348-5", f"G-TSH-{turn}", at, value(who, "3016-3", tsh, at.date()),
                value(who, "3024-7", "1.1", at.date()),
            ),
            at=at + timedelta(hours=6), opened=turn < 3,
        )  # fmt: skip
    at = _at(now, 6)
    started = value(
        who, "630-4", "Growth of bacteria. The kind is being found out.", at.date(), kind="TX",
        status=Status.PRELIMINARY,
    )  # fmt: skip
    yield Said(
        report=report(who, "630-4", "G-URI-1", at, started, status=Status.PRELIMINARY, specimen="Urine"),
        at=at + timedelta(days=1), signed=False, opened=True,
    )  # fmt: skip
    yield Said(
        report=report(
            who, "630-4", "G-URI-1", at, *_culture(who, at), specimen="Urine", told_at=at + timedelta(days=3)
        ),
        at=at + timedelta(days=3, hours=1),
        words="This is an infection of the bladder. The medicine you have started works against it.",
    )  # fmt: skip
    at = _at(now, 1)
    yield Said(
        report=report(who, "2276-4", "G-FER-1", at, value(who, "2276-4", "18", at.date())),
        at=at + timedelta(hours=6), signed=False,
    )  # fmt: skip


def _culture(who: DemoPatient, at: datetime) -> list[IncomingObservation]:
    germ = value(
        who, "630-4", "Escherichia coli, more than 100,000 per mL", at.date(), kind="TX", flags=("A",)
    )
    medicines = (
        ("18955-5", "<=16", "S"), ("18906-8", ">=4", "R"), ("18998-5", "<=20", "S"),
    )  # fmt: skip
    return [
        germ,
        *(
            value(who, loinc, mic, at.date(), parent="630-4", flags=(mark,), kind="SN")
            for loinc, mic, mark in medicines
        ),
    ]


def _robert(who: DemoPatient, now: datetime) -> Iterator[Said]:
    """New here: a first panel with a potassium that cannot wait, and a test that could not be done."""
    at = _at(now, 0.3)
    values = _panel(who, BASIC, at, {"2823-3": "6.8", "2160-0": "2.10", "3094-0": "41"})
    yield Said(report=report(who, "24321-2", "R-BMP-1", at, *values, told_at=at + timedelta(hours=2)),
               at=at + timedelta(hours=3), signed=False)  # fmt: skip
    at = _at(now, 2)
    yield Said(
        report=report(
            who, "34528-0", "R-INR-1", at, value(who, "6301-6", "QNS", at.date(), kind="ST"), name="INR",
            notes=("The tube was not filled far enough.",),
        ),
        at=at + timedelta(hours=6), signed=False,
    )  # fmt: skip


def _noah(who: DemoPatient, now: datetime) -> Iterator[Said]:
    at = _at(now, 25)
    yield Said(
        report=report(
            who, "78012-2", "N-STR-1", at, value(who, "78012-2", "Not detected", at.date(), kind="ST"),
            specimen="Throat swab",
        ),
        at=at + timedelta(hours=2), words="No sign of strep: no antibiotic is needed.",
    )  # fmt: skip


def _others(patients: Sequence[DemoPatient], now: datetime) -> Iterator[Said]:
    """The clinic's week: mostly normal, now and then not, some of it not read yet."""
    chance = random.Random("steadwell laboratory")  # noqa: S311 - made-up results, not a secret
    panels = (("24321-2", BASIC), ("24331-1", LIPIDS), ("58410-2", BLOOD))
    for number, who in enumerate(patients):
        loinc, tests = panels[number % len(panels)]
        at = _at(now, chance.uniform(0.2, 6))
        said = [_spread(who, test, at, chance) for test in tests]
        yield Said(
            report=report(who, loinc, f"O-{number}", at, *said),
            at=min(at + timedelta(hours=6), now - timedelta(minutes=number + 1)), signed=number % 3 == 0,
        )  # fmt: skip


def _spread(who: DemoPatient, loinc: str, at: datetime, chance: random.Random) -> IncomingObservation:
    middle, decimals = MIDDLE[loinc]
    wide = 0.3 if chance.random() < 0.12 else 0.06
    number = float(middle) * (1 + chance.uniform(-wide, wide))
    return value(who, loinc, f"{number:.{decimals}f}", at.date())


def _panel(
    who: DemoPatient, tests: Sequence[str], at: datetime, other: dict[str, str] | None = None
) -> list[IncomingObservation]:
    said = {loinc: str(Decimal(MIDDLE[loinc][0])) for loinc in tests} | (other or {})
    return [value(who, loinc, said[loinc], at.date()) for loinc in tests]


def _document(test: str, said: str) -> Attachment:
    lines = (LABORATORY, "", f"{test}: {said} %", "", "Made up for a demonstration.")
    return Attachment(name="report.pdf", content_type="application/pdf", content=pdf(lines))
