"""An operator's own RxNorm release: loaded as a whole or not at all. The drugs here do not exist."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from rxnorm_release import Release, small

from steadwell.audit.models import AuditEntry
from steadwell.terminology import service as terminology
from steadwell.terminology.models import RxNormName, RxNormRelease
from steadwell.terminology.rxnorm import current, loading
from steadwell.terminology.rxnorm.release_files import ReleaseRefused

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 3, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh():
    current.forget()
    yield
    current.forget()


def load(place: Path, **more: str) -> loading.LoadedRelease:
    return loading.load(place=place, now=NOW, **more)


def test_loaded_release_answers_by_its_own_relations(tmp_path):
    made, codes = small()

    loaded = load(made.write(tmp_path))

    assert (loaded.release, loaded.clinical_drugs, loaded.again) == ("RXNORM_26AA_261102F", 3, False)
    reading = terminology.normalise_drug("BRAMOL HCL 10MG TAB")
    assert (reading.rxcui, reading.grade, reading.release) == (codes["drug"], "clinical-drug", loaded.release)
    assert [each.rxcui for each in reading.ingredients] == [codes["bramol"]]
    assert terminology.normalise_drug("Bramex 10 mg tablet").rxcui == codes["brand"]
    assert terminology.normalise_drug("cendin 5 mg/bramol hcl 10 mg tab").rxcui == codes["both"]
    assert terminology.normalise_drug("bramol and cendin").rxcui == codes["min"]
    assert terminology.normalise_drug("BRAMEX 10 MG Tablet, Film Coated").grade == "exact"
    assert terminology.normalise_drug("bramol hcl 10 mg oral tablet").grade == "exact"


def test_found_drug_has_its_brands_and_the_brand_its_drug(tmp_path):
    made, codes = small()
    load(made.write(tmp_path))

    drug, brand = terminology.find_drug(codes["drug"]), terminology.find_drug(codes["brand"])

    assert drug is not None
    assert brand is not None
    assert (drug.brand_names, drug.strength, drug.dose_form) == (("Bramex",), "10 MG", "Oral Tablet")
    assert (brand.clinical_drug, brand.brand_names) == (codes["drug"], ("Bramex",))
    assert [each.name for each in terminology.suggest_drugs("bram", 3)] == [
        "Bramex",
        "bramol",
        "bramol / cendin",
    ]


def test_relations_decide_where_names_alone_would_not_know(tmp_path):
    """Of a drug that has other names as well, as nearly every one has."""
    made, _ = small()
    other = made.name("IN", "fendol")
    drug, brand = made.drug([(other, "fendolic acid", "5 MG", "")], "Oral Tablet", brand="Fenex")
    made.name("PSN", "fendolic acid 5 MG Oral Tablet", rxcui=drug)
    made.names = [row.replace("acid 5 MG Oral Tablet [", "acid 5 MG Oral Tab [") for row in made.names]

    load(made.write(tmp_path))

    found, branded = terminology.find_drug(drug), terminology.find_drug(brand)
    assert found is not None
    assert branded is not None
    assert [each.rxcui for each in found.ingredients] == [other]
    assert branded.clinical_drug == drug


def test_packs_come_with_what_is_in_them_and_the_branded_one_with_its_pack(tmp_path):
    made, codes = small()
    tablet, inert = "bramol hydrochloride 10 MG Oral Tablet", "inert ingredients 1 MG Oral Tablet"
    nothing = made.drug(
        [(made.name("IN", "inert ingredients"), "inert ingredients", "1 MG", "")], "Oral Tablet"
    )
    parts = [(21, codes["drug"], tablet), (7, nothing[0], inert)]
    pack, branded = made.pack(parts, brand="Brapak")

    load(made.write(tmp_path))

    found, brand = terminology.find_drug(pack), terminology.find_drug(branded)
    assert found is not None
    assert brand is not None
    assert (found.term_type, brand.term_type, brand.clinical_drug) == ("GPCK", "BPCK", pack)
    assert [each.rxcui for each in found.ingredients] == [codes["bramol"]]
    assert terminology.normalise_drug("Brapak 28 day").rxcui == branded
    assert terminology.normalise_drug("BRAMOL HCL 10MG TAB PACK,28").rxcui == pack
    assert terminology.normalise_drug("bramol hcl 10 mg tab").rxcui == codes["drug"]
    assert pack in {each.rxcui for each in terminology.suggest_drugs("bramol h", 20)}


def test_release_of_owned_names_alone_is_refused(tmp_path):
    made, _ = small()
    made.names = [row.replace("|RXNORM|", "|GS|").replace("|MTHSPL|", "|MMSL|") for row in made.names]

    with pytest.raises(ReleaseRefused) as refusal:
        load(made.write(tmp_path))

    assert "no clinical drug of RXNORM" in refusal.value.text
    assert not RxNormName.objects.exists()


def test_retired_codes_lead_over_every_step_to_one_in_use(tmp_path):
    made, codes = small()
    made.retire("101", "102")
    made.retire("102", codes["drug"])
    made.retire("103", "104")  # into nothing that is here
    made.retire("105", "106")
    made.retire("106", "105")  # in a circle

    loaded = load(made.write(tmp_path))

    assert loaded.retired == 2
    assert terminology.remapped("101") == codes["drug"]
    assert terminology.remapped("103") == "103"
    assert terminology.remapped("105") == "105"
    found = terminology.find_drug("102")
    assert found is not None
    assert found.rxcui == codes["drug"]


def test_names_that_have_an_owner_are_not_read(tmp_path):
    made, codes = small()
    made.name("SCD", "bramol 99 MG Oral Tablet", source="MMSL")
    made.name("SY", "owned name", rxcui=codes["drug"], source="GS")

    loaded = load(made.write(tmp_path))

    assert loaded.left_out == 2
    assert set(RxNormName.objects.values_list("source", flat=True)) == {"RXNORM", "MTHSPL"}
    assert terminology.normalise_drug("bramol 99 mg oral tablet").grade == "ingredient-only"


def test_suppressed_and_foreign_names_are_not_read(tmp_path):
    made, codes = small()
    made.name("SCD", "bramol 77 MG Oral Tablet", suppress="O")
    made.name("SY", "tableta de bramol", rxcui=codes["drug"], lat="SPA")

    load(made.write(tmp_path))

    assert not RxNormName.objects.filter(name__contains="77").exists()
    assert not RxNormName.objects.filter(name__contains="tableta").exists()


def test_archive_is_read_as_nlm_packs_it(tmp_path):
    made, codes = small()

    assert load(made.write(tmp_path, packed=True)).clinical_drugs == 3
    assert terminology.find_drug(codes["drug"]) is not None


def test_same_files_again_change_nothing(tmp_path):
    made, _ = small()
    place = made.write(tmp_path)
    load(place)

    assert load(place).again
    assert RxNormRelease.objects.count() == 1


def test_load_is_audited(tmp_path):
    made, _ = small()

    load(made.write(tmp_path))

    assert AuditEntry.objects.filter(action="terminology.load-rxnorm").count() == 1


def _broken(name: str, change) -> Release:
    made, _ = small()
    rows = {"RXNCONSO.RRF": made.names, "RXNREL.RRF": made.relations, "RXNATOMARCHIVE.RRF": made.archive}[
        name
    ]
    change(rows)
    return made


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("RXNCONSO.RRF", lambda rows: rows.append("1|ENG|"), "line 14: it has 2 columns where 18 are needed"),
        ("RXNCONSO.RRF", lambda rows: rows.__setitem__(0, rows[0] + "x"), "line 1: it has 18 columns"),
        ("RXNCONSO.RRF", lambda rows: rows.__setitem__(2, "x" + rows[2]), "line 3: 'x3"),
        ("RXNCONSO.RRF", lambda rows: rows.__setitem__(1, rows[1].replace("bramol", "\0")), "line 2"),
        ("RXNCONSO.RRF", lambda rows: rows.clear(), "no clinical drug"),
        ("RXNREL.RRF", lambda rows: rows.append("only|two"), "RXNREL.RRF, line"),
        ("RXNREL.RRF", lambda rows: rows.clear(), "no ingredient"),
        ("RXNATOMARCHIVE.RRF", lambda rows: rows.append("a|b"), "RXNATOMARCHIVE.RRF, line 1"),
    ],
)
def test_faulty_release_changes_nothing(tmp_path, name, change, why):
    good, codes = small()
    load(good.write(tmp_path / "good"))

    with pytest.raises(ReleaseRefused) as refusal:
        load(_broken(name, change).write(tmp_path / "bad"), release="bad")

    assert why in refusal.value.text
    assert RxNormRelease.objects.get().current
    assert terminology.find_drug(codes["drug"]) is not None


def test_what_is_no_release_is_refused(tmp_path):
    (tmp_path / "text.zip").write_bytes(b"PK\x03\x04nonsense")
    (tmp_path / "empty").mkdir()
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")

    for place, why in (
        ("text.zip", "neither a folder nor a zip"), ("empty", "RXNCONSO.RRF is missing"),
        ("other.zip", "RXNCONSO.RRF is missing"), ("none", "cannot be read"),
    ):  # fmt: skip
        with pytest.raises(ReleaseRefused) as refusal:
            load(tmp_path / place)
        assert why in refusal.value.text


def test_text_that_is_not_utf8_is_refused(tmp_path):
    made, _ = small()
    place = made.write(tmp_path)
    with (place / "RXNCONSO.RRF").open("ab") as file:
        file.write(b"\xff\xfe|\n")

    with pytest.raises(ReleaseRefused) as refusal:
        load(place)

    assert "line 14: it is not UTF-8" in refusal.value.text


def test_release_without_a_name_must_be_given_one(tmp_path):
    made, _ = small()
    place = made.write(tmp_path / "somewhere")
    (place / "RXNSAB.RRF").unlink()

    with pytest.raises(ReleaseRefused) as refusal:
        load(place)

    assert "--release" in refusal.value.text
    assert load(place, release="mine").release == "mine"


def test_reading_takes_one_query_in_half_a_minute(tmp_path, django_assert_num_queries):
    made, codes = small()
    load(made.write(tmp_path))
    terminology.normalise_drug("bramol")

    with django_assert_num_queries(0):
        terminology.normalise_drug("bramol 10 mg tablet")
        terminology.find_drug(codes["drug"])
        terminology.suggest_drugs("b", 5)


def test_command_loads_shows_and_says_what_is_in_use(tmp_path):
    def run(*words: str) -> str:
        out = StringIO()
        call_command("rxnorm", *words, stdout=out, stderr=StringIO())
        return out.getvalue()

    made, codes = small()
    made.retire("101", codes["drug"])
    made.name("SY", "owned", rxcui=codes["drug"], source="GS")
    place = made.write(tmp_path)

    assert "shipped set of" in run("status")
    said = run("load", str(place))
    assert "RXNORM_26AA_261102F is in use: 13 names, 3 drugs, 1 retired codes" in said
    assert "1 rows of other sources, which have owners, were not read" in said
    assert "was in use already" in run("load", str(place))
    assert "RXNORM_26AA_261102F" in run("status")
    shown = run("show", "101")
    assert f"101 was retired; {codes['drug']} stands for it" in shown
    assert "brands Bramex" in shown
    assert "name braMOL HCl 10 MG Oral Tablet" in shown
    with pytest.raises(CommandError, match="Nothing is known"):
        run("show", "1")
    with pytest.raises(CommandError, match="is missing"):
        run("load", str(tmp_path.parent))
