"""``manage.py safety``: what programs read, what people read, and how it refuses."""

from __future__ import annotations

import io
import json

import pytest
import time_machine
from django.core.management import CommandError, call_command
from safety_house import CORE, NOW

from medications.safety import packs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _then():
    with time_machine.travel(NOW, tick=False):
        yield


def said(*arguments: str) -> tuple[str, int]:
    """What it wrote, and its exit status."""
    out = io.StringIO()
    try:
        call_command("safety", *arguments, stdout=out)
    except SystemExit as left:
        return out.getvalue(), int(left.code or 0)
    return out.getvalue(), 0


def answer(*arguments: str) -> dict[str, object]:
    return json.loads(said("check", "--json", *arguments)[0])


def test_check_tells_findings_with_their_source_and_what_was_not_checked():
    found = answer("Zoloft 50 mg tablet", "Nardil 15 mg", "a white pill")

    (finding,) = found["findings"]
    assert (finding["rule"], finding["severity"]) == ("core:onc-04", "contraindicated")
    assert "2012;19:735" in finding["citation"]
    assert {"why": "no-code", "check": "all", "drugs": ["a white pill"], "rule": ""} in found["not_checked"]
    assert found["packs"][0]["version"] == "2026.11"


def test_check_knows_allergy_age_weight_and_kidneys():
    rules = {
        each["rule"]
        for each in answer(
            "codeine", "metformin", "amoxicillin", "prasugrel",
            "--allergy", "penicillin", "--age", "10", "--egfr", "25", "--weight", "50",
        )["findings"]
    }  # fmt: skip

    assert {"core:codeine-12", "core:metformin-egfr-30", "core:penicillins", "core:prasugrel-weight"} <= rules


def test_check_reads_lines_with_dosage_from_standard_input(monkeypatch):
    monkeypatch.setattr(
        "sys.stdin", io.StringIO("Tylenol 500 mg tablet\t3 tablets four times daily\nVitamin C\n")
    )

    found = answer("--age", "40")

    assert [each["rule"] for each in found["findings"]] == ["core:acetaminophen-day"]


def test_exit_status_says_whether_something_asks_for_a_reason():
    assert said("check", "sertraline", "phenelzine")[1] == 3
    assert said("check", "amoxicillin", "omeprazole")[1] == 0


def test_check_speaks_spanish():
    assert "síndrome serotoninérgico" in said("check", "sertraline", "phenelzine", "--language", "es")[0]


def test_check_without_drugs_says_so(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    with pytest.raises(CommandError, match="Name at least one drug"):
        said("check")


def test_check_refuses_loudly_without_a_pack(monkeypatch, tmp_path):
    monkeypatch.setattr(packs, "SHIPPED", tmp_path)

    for command in (("check", "sertraline", "phenelzine"), ("status",)):
        with pytest.raises(CommandError, match="safety-pack-missing"):
            said(*command)


def test_status_tells_age_end_and_what_is_missing():
    found = json.loads(said("status", "--json")[0])

    assert (found["packs"][0]["pack"], found["packs"][0]["age_days"]) == ("core", 2)
    assert found["onc_groups_missing"] == []
    assert found["empty_classes"] == ["qt-high-risk"]


def test_operator_makes_keys_signs_and_lints_a_pack(tmp_path, monkeypatch, settings):
    monkeypatch.chdir(tmp_path)
    settings.SAFETY_PACKS_DIR = str(tmp_path)
    (tmp_path / "keys").mkdir()
    pack = tmp_path / "ward"
    pack.mkdir()
    (pack / "pack.tsv").write_text(
        "key\tvalue\nname\tward\nformat\t1\nversion\t1\nissued\t2026-11-30\nexpires\t2027-11-30\npublisher\tWard\n"
    )
    (pack / "sources.tsv").write_text("source\tcitation\n")
    with pytest.raises(CommandError, match="1 error"):
        said("lint", str(pack))

    said("keygen", "keys/ward")
    said("sign", str(pack), "--key", "keys/ward.key")

    assert "no errors" in said("lint", str(pack))[0]
    assert (tmp_path / "keys/ward.key").stat().st_mode & 0o077 == 0
    assert "ward 1 by Ward" in said("status")[0]


def test_lint_of_the_shipped_pack_finds_no_error():
    assert "no errors" in said("lint", str(CORE))[0]


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-5", "old"])
@pytest.mark.parametrize("fact", ["--age", "--weight", "--egfr"])
def test_check_refuses_what_is_no_number_of_a_person(fact, number):
    with pytest.raises(CommandError, match=fact):
        said("check", "metformin", "citalopram", "prasugrel", f"{fact}={number}")


def test_check_leaves_no_drug_without_a_name_out_in_silence(monkeypatch):
    with pytest.raises(CommandError, match="no name"):
        said("check", "warfarin", "")
    monkeypatch.setattr("sys.stdin", io.StringIO("warfarin\n\tdaily\n"))

    with pytest.raises(CommandError, match="no name"):
        said("check")
