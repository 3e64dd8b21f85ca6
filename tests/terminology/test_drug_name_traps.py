"""Writings that look like one drug and are another: tenfold errors, amounts per volume, partners left out."""

from __future__ import annotations

import pytest

from steadwell.terminology.rxnorm.building import build
from steadwell.terminology.rxnorm.normalising import Normaliser
from steadwell.terminology.rxnorm.types import NameRow

ROWS = """
SCD 1 warfarin sodium 5 MG Oral Tablet
SCD 2 warfarin sodium 2 MG Oral Tablet
SCD 3 warfarin sodium 2.5 MG Oral Tablet
SCD 4 digoxin 0.125 MG Oral Tablet
SCD 5 fentanyl 0.05 MG/ML Injection
SCD 6 1 ML epinephrine 1 MG/ML Injection
SCD 7 epinephrine 0.1 MG/ML Injection
SCD 8 furosemide 40 MG Oral Tablet
SCD 9 furosemide 8 MG/ML Oral Solution
SCD 10 amoxicillin 250 MG Oral Capsule
SCD 11 amoxicillin 500 MG Oral Tablet
SCD 12 loratadine 10 MG Oral Tablet
SCD 13 hydrochlorothiazide 25 MG / lisinopril 20 MG Oral Tablet
SCD 14 lisinopril 20 MG Oral Tablet
SCD 15 doxorubicin hydrochloride 2 MG/ML Injection
SCD 16 acetaminophen 300 MG / codeine phosphate 15 MG Oral Tablet
SCD 17 acetaminophen 325 MG Oral Tablet
SCD 18 amlodipine 5 MG / olmesartan medoxomil 40 MG Oral Tablet
SCD 19 100 ML insulin, regular, human 1 UNT/ML Injection
SBD 20 insulin isophane, human 70 UNT/ML / insulin, regular, human 30 UNT/ML Injectable Suspension [Humulin]
SCD 21 200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler
SCD 22 168 HR clonidine 0.00833 MG/HR Transdermal System
SCD 23 tramadol hydrochloride 50 MG Oral Tablet
SCD 24 paclitaxel 100 MG Injection
SCD 25 insulin, regular, human 500 UNT/ML Injectable Solution
SCD 26 cefazolin 1000 MG Injection
SCD 27 baricitinib 2 MG Oral Tablet
SCD 28 abrocitinib 50 MG Oral Tablet
IN 29 codeine
SCD 30 acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet
SCD 32 10 ML docetaxel 20 MG/ML Injection
SCD 31 bupivacaine liposome 13.3 MG/ML Injection
"""


def _reader() -> Normaliser:
    cells = (line.split(" ", 2) for line in ROWS.strip().splitlines())
    return Normaliser(build([NameRow(code, tty, name) for tty, code, name in cells], release="traps"))


READ = _reader().read


@pytest.mark.parametrize(
    "text",
    [
        # one of several numbers is not taken for the strength
        "warfarin 2, 5 mg", "warfarin 2 to 5 mg", "warfarin 2 or 5 mg", "warfarin 2 5",
        "HCTZ 25 mg lisinopril 10 mg 20 mg",
        # an amount with another name behind it is that of the name before it
        "HCTZ 20 mg with lisinopril", "lisinopril 25 mg / hctz", "hctz 20 with lisinopril",
        "olmesartan 20/amlodipine 5", "warfarin 1.000,5 mg",
        # a thousandfold is another amount, and so is an unknown unit
        "warfarin 5000", "warfarin 2500", "warfarin 5 мкг", "warfarin 5 мг",
        # per volume, per day, per bag
        "furosemide 40 mg/4 ml", "amoxicillin 250mg/5ml", "warfarin 5 mg/5 ml", "warfarin 5 mg/ml",
        "warfarin 5 mg/day", "insulin regular 100 units", "cefazolin 1 g/50 ml", "warfarin 5 mg/ml tab",
        # the whole of a vial is not what is in each mL of it
        "docetaxel 200 mg/ml", "DOCETAXEL 200MG/ML INJ",
        # a number of pieces, or that of another form
        "tramadol #50", "amoxicillin 500 cap", "Cap. Amoxicillin 500", "Duragesic 50",
        # what comes in a carrier is another drug
        "doxorubicin liposomal 2 mg/ml", "Inj. paclitaxel protein-bound 100 mg", "bupivacaine 13.3 mg/ml",
        "Tylenol #3", "Tylenol with codeine no. 3", "hydrocodone without acetaminophen 5 mg",
    ],
)  # fmt: skip
def test_no_product_is_named(text):
    reading = READ(text)

    assert (reading.rxcui if reading.grade in {"exact", "clinical-drug"} else None) is None, reading


@pytest.mark.parametrize(
    "text",
    [
        # brands with a letter hold something more
        "Claritin-D 10 mg", "Claritin D", "Claritin-D 24 hour", "Humulin R", "Humulin R U-500", "Humulin Mix",
        "hydrocodone without acetaminophen 5 mg", "lidocaine without epinephrine",
        # a partner that nobody knows, wherever the form stands
        "INJ TRASTUZUMAB EMTANSINE 100MG", "tablet acetaminophen 325 mg / xyzzyol 20 mg",
        "Tab lisinopril 20 mg + zorbapril 10 mg", "lisinopril 20 mg tab with foobarzide 12.5",
        "lisinopril 20 mg tab + foobarzide", "barocitinib 2 mg tab",
    ],
)  # fmt: skip
def test_no_ingredient_is_named(text):
    assert READ(text).ingredients == ()


@pytest.mark.parametrize(
    ("text", "rxcui"),
    [
        ("warfarin 2,5 mg", "3"),
        ("warfarin 2,5", "3"),
        ("warfarin 2½ mg", "3"),
        ("warfarin 2 1/2 mg", "3"),
        ("digoxin 0,125 mg", "4"),
        ("digoxin ⅛ mg", "4"),
        ("digoxin 125 µg", "4"),
        ("digoxin 125 ㎍", "4"),
        ("epinephrine 1:1000", "6"),
        ("epinephrine 1:10,000", "7"),
        ("furosemide 40 mg/5ml", "9"),
        ("docetaxel 20 mg/ml inj", "32"),
        ("DOCETAXEL 200MG/10ML INJ", "32"),
        ("docetaxel 200 mg vial", "32"),
        ("cefazolin 1 g/50 ml inj", "26"),
        ("Tab Warfarin 5", "1"),
        ("Tab. Lisinopril 20", "14"),
        ("albuterol 90 mcg inhaler", "21"),
        ("clonidine patch 0.2", "22"),
        ("insulin regular U-500", "25"),
        ("NDC 00093-0058-01 tramadol 50 mg", "23"),
        ("0056-0172-70 Coumadin 5 mg tab 100", "1"),
        ("Coumadin® 5 mg", "1"),
        ("Coumadin™ 5 mg", "1"),
        ("warfarina 5 mg comprimidos", "1"),
        ("lisinopril 20 mg una tableta cada dia", "14"),
        ("hctz 25 lisinopril 20", "13"),
        ("HCTZ 25 mg with lisinopril", "13"),
        ("hctz 25 with lisinopril", "13"),
        ("lisinopril-hctz 20 mg", "13"),
        ("bupivacaine liposome 13.3 mg/ml", "31"),
    ],
)
def test_one_drug_is_named(text, rxcui):
    reading = READ(text)

    assert (reading.rxcui, reading.grade.value in {"exact", "clinical-drug"}) == (rxcui, True), reading


def test_what_stands_under_a_brand_with_a_number_is_its_own():
    named = {each.name for each in READ("Tylenol #3").ingredients}

    assert named == {"acetaminophen", "codeine"}
    assert [each.name for each in READ("Tylenol 325 mg").ingredients] == ["acetaminophen"]
