"""What a text says about a drug: every shape that senders use, and never a guess between two."""

from __future__ import annotations

import pytest
from drug_list import names, normaliser

from steadwell.terminology.rxnorm import packing
from steadwell.terminology.rxnorm.building import build
from steadwell.terminology.rxnorm.normalising import Normaliser
from steadwell.terminology.rxnorm.types import NameRow

READ = normaliser().read


def of(*rows: str) -> Normaliser:
    """A normaliser over "TTY code name" lines."""
    cells = (row.split(" ", 2) for row in rows)
    return Normaliser(build([NameRow(code, tty, name) for tty, code, name in cells], release="own"))


@pytest.mark.parametrize(
    ("text", "rxcui"),
    [
        ("Ibuprofen 200 MG Oral Tablet", "310965"),
        ("  metformin   hydrochloride 500 mg oral tablet ", "861007"),
        ("atorvastatin 10 MG Oral Tablet [Lipitor]", "617314"),
        ("72 HR fentanyl 0.025 MG/HR Transdermal System", "245134"),
    ],
)
def test_official_name_is_exact(text, rxcui):
    reading = READ(text)

    assert (reading.rxcui, reading.grade) == (rxcui, "exact")


@pytest.mark.parametrize(
    ("text", "rxcui"),
    [
        # strength
        ("amlodipine 5mg tablet", "197361"),
        ("AMLODIPINE BESYLATE 5 MG TABS", "197361"),
        ("lisinopril 0.02 g tab", "314077"),
        ("LEVOTHYROXINE NA 75MCG TAB,UD", "966222"),
        ("levothyroxine 75 µg tablet", "966222"),
        ("levothyroxine 75 tablet", "966222"),
        ("FUROSEMIDE 50MG/5ML SOLN,ORAL", "197730"),
        ("furosemide 10 mg per ml oral solution", "197730"),
        ("HYDROCORTISONE 1% CREAM,TOP", "106258"),
        ("ALBUTEROL 0.5% SOLN,INHL", "245314"),
        ("SODIUM CHLORIDE 0.9% INJ,BAG,250ML", "313002"),
        ("INSULIN,REGULAR,HUMAN 100UNT/ML INJ", "311034"),
        ("regular insulin 100 units/ml vial", "311034"),
        ("POTASSIUM CHLORIDE 10MEQ TAB,SA", "628953"),
        ("KCL ER 10 mEq tablet", "628953"),
        ("fentanyl 25 mcg/hr patch", "245134"),
        ("FENTANYL 0.6MG/DAY PATCH", "245134"),
        ("enoxaparin 40mg/0.4ml syringe", "854235"),
        ("ATROPINE SO4 1MG/ML INJ,AMP,1ML", "1190795"),
        # combinations, in any order, with strengths beside or behind
        ("HYDROCODONE BITARTRATE 5MG/ACETAMINOPHEN 325MG TAB", "857002"),
        ("hydrocodone-apap 10-325 tablet", "856999"),
        ("hydrocodone/acetaminophen 5/325 mg oral tablet", "857002"),
        ("APAP 325 MG / hydrocodone 5 MG tab", "857002"),
        ("LISINOPRIL 20MG/HCTZ 12.5MG TAB", "197886"),
        ("lisinopril-hydrochlorothiazide 10-12.5 mg tablet", "197885"),
        ("Norco 10/325", "856999"),
        # brands
        ("Lipitor 10mg tab", "617314"),
        ("ATORVASTATIN CA (LIPITOR) 10MG TAB", "617314"),
        ("Advil 200mg", "310965"),
        ("Zestril 20 mg", "314077"),
        # form, route, release
        ("omeprazole dr 20 mg cap", "198051"),
        ("OMEPRAZOLE 20MG CAP,EC", "198051"),
        ("metformin xr 500", "860975"),
        ("METFORMIN HCL 500MG TAB,SA", "860975"),
        ("METFORMIN HCL 500MG TAB", "861007"),
        ("metoprolol succinate er 50 mg", "866436"),
        ("metoprolol tart 50mg tablet", "866514"),
        ("aspirin ec 81 mg tablet", "308416"),
        ("ASPIRIN 81MG TAB,CHEWABLE", "318272"),
        ("aspirin 81 mg odt", "747211"),
        # packaging
        ("AMOXICILLIN 250MG CAP UD 100", "308182"),
        ("AMOXICILLIN 250MG CAP,UD [MYLAN]", "308182"),
        ("AMOXICILLIN (TEVA) 250MG CAP", "308182"),
        ("lisinopril 20 mg tablet, take one daily by mouth", "314077"),
        # typing errors
        ("amlodipin 5 mg tab", "197361"),
        ("ibuprofin 200 mg tab", "310965"),
        ("hydralzine 25 mg tab", "905225"),
        ("furosemied 40 mg tab", "313988"),
        ("liisnopril 20 mg tab", "314077"),  # a slip of the fingers in the third letter
        ("fuosemide 40 mg tab", "313988"),
    ],
)
def test_shape_leads_to_one_drug(text, rxcui):
    reading = READ(text)

    assert (reading.rxcui, reading.grade) == (rxcui, "clinical-drug"), reading


@pytest.mark.parametrize(
    ("text", "among"),
    [
        ("metformin 500 MG Oral Tablet", {"861007", "860975"}),
        ("aspirin 81 MG Oral Tablet", {"243670", "308416", "318272", "747211"}),
        ("ASPIRIN 81MG TAB", {"243670", "308416", "318272", "747211"}),
        ("metoprolol 50 mg tablet", {"866436", "866514"}),
        ("lisinopril 10-20 mg tablet", {"314076", "314077"}),
        ("enoxaparin 100 mg/ml inj", {"854235", "854228", "854255"}),
        ("MSO4 10 mg", {"7052", "6585"}),
        ("hydrocodone/apap tablet 325 mg", {"857002", "856999"}),
    ],
)
def test_between_two_it_is_ambiguous_and_says_which(text, among):
    reading = READ(text)

    assert (reading.grade, reading.rxcui) == ("ambiguous", None)
    assert {code for code, _ in reading.candidates} == among


@pytest.mark.parametrize(
    ("text", "ingredients"),
    [
        ("ibuprofen", {"ibuprofen"}),
        ("LISINOPRIL TAB UD 20", {"lisinopril"}),  # 20 pieces, not 20 mg
        ("lisinopril 7 mg tab", {"lisinopril"}),
        ("metformin 500 mg suppository", {"metformin"}),
        ("Norco", {"acetaminophen", "hydrocodone"}),
        ("paracetamol 500 mg", {"acetaminophen"}),
        ("acetylsalicylic acid", {"aspirin"}),
        ("Lipitor", {"atorvastatin"}),
    ],
)
def test_without_a_product_the_ingredients_are_the_answer(text, ingredients):
    reading = READ(text)

    assert reading.grade == "ingredient-only"
    assert {each.name for each in reading.ingredients} == ingredients


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "500 mg tablet", "unobtainium 5 mg", "lisinopril/unobtainium 20 mg tab", "take one daily",
        "prednisolone 20 mg tab", "hidralazine 25 mg", "cloNIDine 0.1 mg", "novolog", "lanolin cream",
        "hydroxazine 25 mg tab",
    ],
)  # fmt: skip
def test_what_is_not_understood_is_not_guessed(text):
    reading = READ(text)

    assert (reading.grade, reading.rxcui, reading.ingredients) == ("none", None, ())


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("hydralazine", "hydroxyzine"), ("prednisone", "prednisolone"), ("clonidine", "clonazepam"),
        ("chlorpropamide", "chlorpromazine"), ("cycloserine", "cyclosporine"), ("vinblastine", "vincristine"),
        ("glipizide", "glyburide"), ("nicardipine", "nifedipine"), ("nimodipine", "nifedipine"),
        ("tolazamide", "tolbutamide"), ("quinidine", "quinine"), ("sulfadiazine", "sulfasalazine"),
        ("dobutamine", "dopamine"), ("fluoxetine", "paroxetine"), ("lamivudine", "lamotrigine"),
        ("rifampin", "rifabutin"), ("daunorubicin", "doxorubicin"), ("metolazone", "methimazole"),
        ("sitagliptin", "saxagliptin"), ("carboplatin", "cisplatin"), ("ephedrine", "epinephrine"),
        ("penicillamine", "penicillin"), ("acetazolamide", "acetohexamide"),
        ("medroxyprogesterone", "hydroxyprogesterone"),
    ],
)  # fmt: skip
def test_names_that_are_mistaken_for_each_other_are_never_crossed(word, other):
    one, two = of(f"SCD 1 {word} 5 MG Oral Tablet"), of(f"SCD 1 {other} 5 MG Oral Tablet")

    for reader, foreign, own in ((one, other, word), (two, word, other)):
        assert reader.read(f"{foreign} 5 mg tablet").ingredients == ()
        for place in range(2, len(foreign)):
            found = reader.read(f"{foreign[:place] + foreign[place + 1 :]} 5 mg tablet").ingredients
            assert found == () or own.startswith(foreign[:3]), (foreign, place, own)


def test_what_may_be_a_slip_is_asked_about_and_not_taken():
    reader = of("SCD 1 carvedilol 25 MG Oral Tablet", "SCD 2 carteolol 25 MG Oral Tablet")

    near = reader.read("carvedlol 25 mg tab")

    assert (near.grade, near.rxcui, near.ingredients) == ("none", None, ())
    assert near.candidates == (("1", "carvedilol 25 MG Oral Tablet"),)
    assert reader.read("unobtainium 25 mg tab").candidates == ()
    assert reader.read("carvedlol tab").candidates == ()  # without a strength nothing is offered


def test_one_ingredient_in_two_salts_is_one_drug():
    reader = of(
        "SCD 1 nitrofurantoin, macrocrystals 25 MG / nitrofurantoin, monohydrate 75 MG Oral Capsule",
        "SCD 2 nitrofurantoin, macrocrystals 100 MG Oral Capsule",
    )

    text = "NITROFURANTOIN, MACROCRYSTALS 25 MG / NITROFURANTOIN, MONOHYDRATE 75 MG ORAL CAPSULE (30 CT)"

    assert reader.read(text).rxcui == "1"
    assert reader.read("nitrofurantoin macrocrystals 100 mg cap").rxcui == "2"


def test_an_official_name_in_another_writing_decides_between_forms_and_never_between_packages():
    reader = of(
        "SCD 1 5 ML metoprolol tartrate 1 MG/ML Injection",
        "SCD 2 5 ML metoprolol tartrate 1 MG/ML Cartridge",
        "SCD 3 eptifibatide 0.75 MG/ML Injection", "SCD 4 100 ML eptifibatide 0.75 MG/ML Injection",
        "SCD 5 metformin hydrochloride 500 MG Oral Tablet",
        "SCD 6 24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet",
    )  # fmt: skip

    assert reader.read("5 ML METOPROLOL TARTRATE 1MG/ML INJECTION (30 CT)").rxcui == "1"
    assert reader.read("EPTIFIBATIDE 0.75MG/ML INJ").grade == "ambiguous"
    assert reader.read("metformin hydrochloride 500mg oral tab").rxcui == "5"
    assert reader.read("metformin hydrochloride 500mg tab").grade == "ambiguous"


def test_typing_error_between_two_names_is_left_open():
    reader = of("SCD 1 hydroxyzine 25 MG Oral Tablet", "SCD 2 hydralazine 25 MG Oral Tablet")

    assert reader.read("hydroxazine 25 mg tab").grade == "none"
    assert reader.read("hydroxyzin 25 mg tab").rxcui == "1"


def test_two_codes_of_one_name_are_ambiguous():
    reader = of("SCD 1 aspirin 81 MG Oral Capsule", "SCD 2 aspirin 81 MG Oral Capsule")

    reading = reader.read("aspirin 81 mg oral capsule")

    assert (reading.grade, [code for code, _ in reading.candidates]) == ("ambiguous", ["1", "2"])


def test_ingredients_that_no_product_holds_together_are_not_taken_as_one_drug():
    reading = READ("lisinopril 20 mg / ibuprofen 200 mg tab")

    assert (reading.grade, reading.ingredients) == ("ambiguous", ())
    assert {name for _, name in reading.candidates} == {"lisinopril", "ibuprofen"}


def test_special_release_is_not_supposed_where_nothing_says_it():
    reader = of("SCD 1 24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet")

    assert reader.read("metformin 500 mg tablet").grade == "ambiguous"
    assert reader.read("metformin er 500 mg tablet").rxcui == "1"


def test_words_for_a_release_say_how_long_it_lasts_where_both_are_sold():
    reader = of(
        "SCD 1 12 HR bupropion hydrochloride 150 MG Extended Release Oral Tablet",
        "SCD 2 24 HR bupropion hydrochloride 150 MG Extended Release Oral Tablet",
    )

    assert reader.read("Wellbutrin XL 150 mg").rxcui == "2"
    assert reader.read("bupropion hcl sr 150 mg tablet").rxcui == "1"
    assert reader.read("bupropion er 150 mg tablet").grade == "ambiguous"
    assert reader.read("BUPROPION HCL 150MG 24HR TAB,SA").rxcui == "2"


def test_two_salts_are_two_drugs_and_the_base_is_both():
    reader = of(
        "SCD 1 doxycycline hyclate 100 MG Oral Capsule", "SCD 2 doxycycline monohydrate 100 MG Oral Capsule"
    )

    assert reader.read("doxycycline hyclate 100mg cap").rxcui == "1"
    assert reader.read("DOXYCYCLINE MONOHYDRATE 100MG CAP").rxcui == "2"
    assert reader.read("doxycycline 100 mg cap").grade == "ambiguous"
    assert reader.read("doxycycline calcium 100 mg cap").grade == "ingredient-only"


_DOSE_PACK = "{21 (methylprednisolone 4 MG Oral Tablet)} Pack"
_LARGE_PACK = "{48 (methylprednisolone 4 MG Oral Tablet)} Pack"
_STARTER = "{42 (rivaroxaban 15 MG Oral Tablet) / 9 (rivaroxaban 20 MG Oral Tablet) } Pack"


@pytest.mark.parametrize(
    ("text", "rxcui"),
    [
        ("methylprednisolone 4 mg tablet", "1"),
        ("METHYLPREDNISOLONE 4MG TAB DOSEPAK,21", "2"),
        ("METHYLPREDNISOLONE 4MG TAB DOSEPACK,48", "3"),
        ("METHYLPREDNISOLONE 4MG TAB DOSEPAK,6", "1"),  # six tablets of it: no pack holds so many
        ("methylprednisolone 4 mg tablet dose pack", None),
        ("methylprednisolone 4 mg dose pack", None),
        ("{21 (methylprednisolone 4 MG Oral Tablet) } Pack", "2"),
        ("rivaroxaban 15 mg 20 mg pack", "6"),
        ("Xarelto starter pack", "6"),
        ("rivaroxaban 15 mg tablet", "4"),
        ("rivaroxaban 15 mg pack", None),  # tablets in a pack, or the pack of two strengths
        ("rivaroxaban 35 mg pack", None),
    ],
)
def test_a_pack_is_read_where_it_is_said_and_never_one_of_its_strengths(text, rxcui):
    reader = of(
        "SCD 1 methylprednisolone 4 MG Oral Tablet", f"GPCK 2 {_DOSE_PACK}", f"GPCK 3 {_LARGE_PACK}",
        "SCD 4 rivaroxaban 15 MG Oral Tablet", "SCD 5 rivaroxaban 20 MG Oral Tablet", f"GPCK 6 {_STARTER}",
    )  # fmt: skip

    reading = reader.read(text)

    assert (reading.rxcui if reading.grade in {"exact", "clinical-drug"} else None) == rxcui
    assert [each.name for each in reading.ingredients] == [
        "rivaroxaban" if "aroxaban" in text or "Xarelto" in text else "methylprednisolone"
    ]


def test_a_branded_pack_stands_for_the_pack_that_holds_the_same():
    branded = (
        "{9 (rivaroxaban 20 MG Oral Tablet [Xarelto]) / 42 (rivaroxaban 15 MG Oral Tablet [Xarelto]) } Pack"
    )
    catalogue = of(
        f"GPCK 1 {_STARTER}", f"BPCK 2 {branded} [Xarelto Starter]",
        f"BPCK 3 {branded.replace('42', '30')} [Xarelto Other]",
    ).catalogue  # fmt: skip

    assert (catalogue.generic.get("2"), catalogue.generic.get("3")) == ("1", None)
    assert Normaliser(catalogue).read("Xarelto Starter").rxcui == "2"
    assert "1" in catalogue.starting_with("rivarox", 10)


def test_a_pack_for_some_days_is_called_by_its_brand_without_them():
    pills = "21 (mestranol 0.05 MG / norethindrone 1 MG Oral Tablet) / 7 (inert ingredients 1 MG Oral Tablet)"
    reader = of(f"BPCK 1 {{{pills}}} Pack [Norinyl 1+50 28 Day]")

    for text in ("Norinyl 1+50 28 Day", "NORINYL 1+50 PACK,28", "Norinyl 1+50"):
        assert reader.read(text).rxcui == "1"
    named = [each.name for each in reader.read("NORINYL 1+50 TAB,28").ingredients]
    assert named == ["mestranol", "norethindrone"]
    assert reader.read("Norinyl 1+35 tab").ingredients == ()  # its sister holds something else


def test_true_salts_are_ingredients_of_their_own():
    reader = of(
        "SCD 1 potassium chloride 10 MEQ Extended Release Oral Tablet",
        "SCD 2 potassium citrate 10 MEQ Extended Release Oral Tablet",
        "SCD 3 isosorbide dinitrate 20 MG Oral Tablet", "SCD 4 isosorbide mononitrate 20 MG Oral Tablet",
    )  # fmt: skip

    assert reader.read("potassium citrate er 10 meq tab").rxcui == "2"
    assert reader.read("isosorbide mononitrate 20 mg tab").rxcui == "4"
    assert reader.read("ISOSORBIDE DINITRATE 20MG TAB").rxcui == "3"


def test_buffers_of_aspirin_leave_both_ways_open():
    reader = of(
        "SCD 1 aspirin 325 MG Oral Tablet",
        "SCD 2 aluminum hydroxide 75 MG / aspirin 325 MG / magnesium hydroxide 75 MG Oral Tablet",
    )

    reading = reader.read("AL OH 75MG/ASA 325MG/MG OH 75MG TAB")

    assert (reading.grade, {code for code, _ in reading.candidates}) == ("ambiguous", {"1", "2"})
    assert [each.name for each in reading.ingredients] == ["aspirin"]


def test_rows_without_term_type_are_taken_for_what_they_look_like():
    reader = Normaliser(
        build(
            [NameRow("7", "", "captopril 25 MG Oral Tablet"), NameRow("1998", "", "Captopril")], release="own"
        )
    )

    assert reader.read("captopril 25mg tab").rxcui == "7"
    assert reader.read("captopril").rxcui == "1998"


def test_packed_catalogue_answers_as_the_one_it_was_made_of():
    catalogue = build(names(), release="list")
    packed = Normaliser(packing.unpack(packing.pack(catalogue)))
    texts = [each.name for each in names()] + [
        "metformin 500",
        "hydralzine 25 mg",
        "Norco",
        "MSO4",
        "",
        "estradiol,x",
    ]

    assert [packed.read(text) for text in texts] == [READ(text) for text in texts]
    assert packed.catalogue.products == catalogue.products
    assert packed.catalogue.generic["617314"] == "617312"
    assert packed.catalogue.concepts.get("1") is None
    assert packed.catalogue.concepts.get("x") is None


@pytest.mark.parametrize("content", [b"", b"nonsense", packing.pack(build(names(), release="x"))[:-9]])
def test_damaged_index_is_refused(content):
    with pytest.raises(packing.Damaged):
        packing.unpack(content)
