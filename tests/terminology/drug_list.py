"""A short list of drugs for the tests of reading: official names with their codes, public domain (NLM)."""

from __future__ import annotations

from pathlib import Path

from steadwell.terminology.rxnorm.building import build
from steadwell.terminology.rxnorm.normalising import Normaliser
from steadwell.terminology.rxnorm.types import NameRow

ROWS = """
IN 161 acetaminophen
IN 1191 aspirin
IN 6809 metformin
IN 5470 hydralazine
IN 5553 hydroxyzine
IN 8640 prednisone
IN 7052 morphine
IN 6585 magnesium sulfate
IN 9863 sodium chloride
IN 4083 estradiol
BN 153165 Lipitor
BN 151827 Glucophage
MIN 214199 acetaminophen / hydrocodone
SCD 861007 metformin hydrochloride 500 MG Oral Tablet
SCD 860975 24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet
SBD 861008 metformin hydrochloride 500 MG Oral Tablet [Glucophage]
SCD 243670 aspirin 81 MG Oral Tablet
SCD 308416 aspirin 81 MG Delayed Release Oral Tablet
SCD 318272 aspirin 81 MG Chewable Tablet
SCD 310965 ibuprofen 200 MG Oral Tablet
SCD 197361 amlodipine 5 MG Oral Tablet
SCD 617312 atorvastatin 10 MG Oral Tablet
SBD 617314 atorvastatin 10 MG Oral Tablet [Lipitor]
SCD 857002 acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet
SCD 856999 acetaminophen 325 MG / hydrocodone bitartrate 10 MG Oral Tablet
SCD 197885 hydrochlorothiazide 12.5 MG / lisinopril 10 MG Oral Tablet
SCD 197886 hydrochlorothiazide 12.5 MG / lisinopril 20 MG Oral Tablet
SCD 314077 lisinopril 20 MG Oral Tablet
SCD 314076 lisinopril 10 MG Oral Tablet
SCD 866436 24 HR metoprolol succinate 50 MG Extended Release Oral Tablet
SCD 866514 metoprolol tartrate 50 MG Oral Tablet
SCD 197730 furosemide 10 MG/ML Oral Solution
SCD 313988 furosemide 40 MG Oral Tablet
SCD 106258 hydrocortisone 10 MG/ML Topical Cream
SCD 245314 albuterol 5 MG/ML Inhalation Solution
SCD 966222 levothyroxine sodium 0.075 MG Oral Tablet
SCD 854235 0.4 ML enoxaparin sodium 100 MG/ML Prefilled Syringe
SCD 854228 0.3 ML enoxaparin sodium 100 MG/ML Prefilled Syringe
SCD 854255 enoxaparin sodium 100 MG/ML Injectable Solution
SCD 245134 72 HR fentanyl 0.025 MG/HR Transdermal System
SCD 905225 hydralazine hydrochloride 25 MG Oral Tablet
SCD 995258 hydroxyzine hydrochloride 25 MG Oral Tablet
SCD 198051 omeprazole 20 MG Delayed Release Oral Capsule
SCD 308182 amoxicillin 250 MG Oral Capsule
SCD 313002 sodium chloride 9 MG/ML Injectable Solution
SCD 312615 prednisone 20 MG Oral Tablet
SCD 311034 insulin, regular, human 100 UNT/ML Injectable Solution
SCD 628953 potassium chloride 10 MEQ Extended Release Oral Tablet
SCD 747211 aspirin 81 MG Disintegrating Oral Tablet
SCD 1190795 1 ML atropine sulfate 1 MG/ML Injection
SCD 849574 naproxen sodium 220 MG Oral Tablet
"""  # fmt: skip


def names() -> list[NameRow]:
    cells = (line.split(" ", 2) for line in ROWS.strip().splitlines())
    return [NameRow(code, term_type, name) for term_type, code, name in cells]


def normaliser() -> Normaliser:
    return Normaliser(build(names(), release="list"))


def write(path: Path, *, head: bool = True) -> Path:
    rows = [f"{each.rxcui}\t{each.term_type}\t{each.name}\n" for each in names()]
    path.write_text(("rxcui\ttty\tstr\n" if head else "") + "".join(rows), encoding="utf-8")
    return path
