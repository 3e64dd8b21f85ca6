"""Messages of a laboratory for the bench: a metabolic panel of 14 results, each message about one of many
patients."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from random import Random

from steadwell import clock

SENDER, AUTHORITY = "bench-lab", "BENCH"
# LOINC, name, unit, range, decimals; values are drawn from inside the range.
RESULTS = (
    ("2345-7", "Glucose", "mg/dL", (70, 99), 0),
    ("3094-0", "Urea nitrogen", "mg/dL", (7, 20), 0),
    ("2160-0", "Creatinine", "mg/dL", (0.6, 1.2), 2),
    ("2951-2", "Sodium", "mmol/L", (135, 145), 0),
    ("2823-3", "Potassium", "mmol/L", (3.5, 5.1), 1),
    ("2075-0", "Chloride", "mmol/L", (98, 107), 0),
    ("2028-9", "Carbon dioxide", "mmol/L", (22, 29), 0),
    ("17861-6", "Calcium", "mg/dL", (8.6, 10.2), 1),
    ("2885-2", "Protein", "g/dL", (6.4, 8.3), 1),
    ("1751-7", "Albumin", "g/dL", (3.5, 5.0), 1),
    ("1975-2", "Bilirubin", "mg/dL", (0.1, 1.2), 1),
    ("6768-6", "Alkaline phosphatase", "U/L", (40, 129), 0),
    ("1920-8", "Aspartate aminotransferase", "U/L", (10, 40), 0),
    ("1742-6", "Alanine aminotransferase", "U/L", (7, 56), 0),
)


def patient_number(number: int) -> str:
    return f"B{number:06d}"


def messages(
    numbers: Iterable[int], *, prefix: str, ordered_by: str, patients: int, critical_each: int = 0
) -> list[bytes]:
    """One message per number; with ``critical_each`` every so manieth has a critical potassium."""
    dice, day = Random(7), f"{clock.now() - timedelta(days=1):%Y%m%d}"  # new enough to be told
    made = []
    for number in numbers:
        critical = bool(critical_each) and number % critical_each == 0
        who = number % patients
        lines = [
            f"MSH|^~\\&|BENCH|LAB|STEADWELL|CLINIC|{day}091500+0100||ORU^R01^ORU_R01"
            f"|{prefix}{number}|P|2.5.1",
            f"PID|1||{patient_number(who)}^^^{AUTHORITY}^MR||Bench{who}^Pat||19700101|F",
            f"OBR|1|O{prefix}{number}|{prefix}{number}|24323-8^Comprehensive metabolic panel^LN|||"
            f"{day}080000+0100|||||||||{ordered_by}^Reader^Ready||||||{day}091000+0100||CH|F",
        ]
        for place, (code, name, unit, (low, high), decimals) in enumerate(RESULTS, start=1):
            value, flag = f"{dice.uniform(low, high):.{decimals}f}", "N"
            if critical and code == "2823-3":
                value, flag = "7.2", "HH"
            lines.append(
                f"OBX|{place}|NM|{code}^{name}^LN||{value}|{unit}^{unit}^UCUM|{low}-{high}|{flag}|||F|||"
                f"{day}080000+0100"
            )
        made.append(("\r".join(lines) + "\r").encode())
    return made
