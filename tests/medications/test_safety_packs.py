"""Packs: signed, dated, beside each other, and refused loudly otherwise."""

from __future__ import annotations

import base64
import shutil
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from safety_house import CORE, NOW, drug

from medications.safety import packs, signing
from medications.safety.checking import check_change
from medications.safety.errors import PackExpired, PackForged, PackMalformed, PackMissing
from medications.safety.linting import lint
from medications.safety.types import Facts, Why

HEADS = {
    "pack.tsv": "key\tvalue\nname\tward\nformat\t1\nversion\t3\nissued\t2026-11-01\nexpires\t2027-11-01\n"
    "publisher\tA clinic\n",
    "sources.tsv": "source\tcitation\nOWN\tDecided by our committee on 1 November 2026.\n",
    "classes.tsv": "class\ten\tes\tmembers\tlocal\topen\tsource\n"
    "qt-high-risk\tQT\tQT\tsotalol; haloperidol\tyes\tno\tOWN\n",
}


@pytest.fixture
def operator(tmp_path, settings):
    """An operator's folder with a key and one pack that fills the QT class."""
    key = Ed25519PrivateKey.generate()
    pack = tmp_path / "ward"
    (tmp_path / "keys").mkdir()
    pack.mkdir()
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    (tmp_path / "keys/ward.pub").write_text(public)
    for name, text in HEADS.items():
        (pack / name).write_text(text)
    signing.sign(pack, key_name="ward", private_key=key)
    settings.SAFETY_PACKS_DIR = str(tmp_path)
    return pack, key


def ask(*names, now=NOW):
    first, *others = (drug(name) for name in names)
    return check_change(drugs=others, adding=[first], allergies=[], facts=Facts(), now=now)


def test_shipped_pack_is_in_force():
    assert ask("sertraline", "phenelzine").version == "core/2026.11"


def test_shipped_pack_has_no_fault_but_the_class_that_the_operator_fills():
    faults = lint(CORE, on=NOW.date())

    assert [(fault.where, fault.is_error) for fault in faults] == [("core:onc-08", False)]


def test_operator_fills_an_open_class(operator):
    answer = ask("sotalol", "haloperidol")

    assert [finding.rule for finding in answer.findings] == ["core:onc-08"]
    assert Why.CLASS_EMPTY not in {each.why for each in answer.not_checked}
    assert answer.version == "core/2026.11 ward/3"


def test_check_refuses_after_the_packs_end():
    end = packs.in_force(now=NOW).stamps[0].expires_on

    with pytest.raises(PackExpired):
        ask("sertraline", now=NOW + (end - NOW.date()))
    assert ask("sertraline", now=NOW + (end - NOW.date()) - timedelta(days=1))


def test_check_refuses_without_a_pack(tmp_path, monkeypatch):
    monkeypatch.setattr(packs, "SHIPPED", tmp_path)

    with pytest.raises(PackMissing):
        ask("sertraline")


def test_check_refuses_when_the_operators_folder_is_gone(settings, tmp_path):
    settings.SAFETY_PACKS_DIR = str(tmp_path / "gone")

    with pytest.raises(PackMissing):
        ask("sertraline")


def test_check_refuses_a_pack_that_was_changed(operator):
    pack, _key = operator
    (pack / "classes.tsv").write_text(HEADS["classes.tsv"].replace("sotalol; ", ""))

    with pytest.raises(PackForged):
        ask("sertraline")


def test_check_refuses_a_pack_with_a_table_more(operator):
    pack, _key = operator
    (pack / "more.tsv").write_text("a\tb\n")

    with pytest.raises(PackForged):
        ask("sertraline")


@pytest.mark.parametrize("missing", ["signature.tsv", "../keys/ward.pub"])
def test_check_refuses_a_pack_nobody_vouches_for(operator, missing):
    pack, _key = operator
    (pack / missing).unlink()

    with pytest.raises(PackForged):
        ask("sertraline")


def test_check_refuses_a_key_of_somebody_else(operator):
    pack, _key = operator
    signing.sign(pack, key_name="ward", private_key=Ed25519PrivateKey.generate())

    with pytest.raises(PackForged):
        ask("sertraline")


def test_check_takes_a_pack_with_other_line_ends(operator):
    pack, _key = operator
    (pack / "classes.tsv").write_bytes(HEADS["classes.tsv"].replace("\n", "\r\n").encode())

    assert ask("sotalol", "haloperidol").findings


def test_check_refuses_an_operator_that_redefines_a_class(operator):
    pack, key = operator
    (pack / "classes.tsv").write_text(HEADS["classes.tsv"].replace("qt-high-risk", "maoi"))
    signing.sign(pack, key_name="ward", private_key=key)

    with pytest.raises(PackMalformed):
        ask("sertraline")


@pytest.mark.parametrize(
    ("file", "before", "after", "said"),
    [
        ("interactions.tsv", "contraindicated", "deadly", "deadly"),
        ("interactions.tsv", "@maoi\t", "@nobody\t", "@nobody"),
        ("interactions.tsv", "ONC", "HEARSAY", "HEARSAY"),
        ("limits.tsv", "daily-mg-max", "weekly-mg-max", "weekly-mg-max"),
        ("limits.tsv", "2026-11-29", "yesterday", "yesterday"),
        ("pack.tsv", "2028-05-31", "2026-11-30", "expired"),
        ("pack.tsv", "format\t1", "format\t9", "format 9"),
        ("duplicates.tsv", "twice-ppi", "twice-ace", "twice-ace"),
        ("classes.tsv", "\tsource", "\tsauce", "columns"),
    ],
)
def test_lint_finds_a_planted_fault(tmp_path, file, before, after, said):
    pack = tmp_path / "core"
    shutil.copytree(CORE, pack)
    text = (pack / file).read_text(encoding="utf-8")
    assert before in text
    (pack / file).write_text(text.replace(before, after, 1), encoding="utf-8")

    faults = [fault for fault in lint(pack, on=date(2026, 12, 1)) if fault.is_error]

    assert any(said in f"{fault.where} {fault.what}" for fault in faults), faults


def test_lint_finds_a_group_of_the_list_that_is_missing(tmp_path):
    pack = tmp_path / "core"
    shutil.copytree(CORE, pack)
    kept = [
        line for line in (pack / "interactions.tsv").read_text().splitlines() if not line.startswith("onc-02")
    ]
    (pack / "interactions.tsv").write_text("\n".join(kept) + "\n")

    assert any("ONC groups without a rule: 2." in fault.what for fault in lint(pack, on=NOW.date()))


def test_check_refuses_as_soon_as_the_key_is_taken_away(operator):
    pack, _key = operator
    assert ask("sotalol", "haloperidol").findings

    (pack / "../keys/ward.pub").unlink()

    with pytest.raises(PackForged):
        ask("sertraline")


@pytest.mark.parametrize("file", ["../keys/other.pub", "signature.tsv"])
def test_check_refuses_loudly_what_is_no_key_and_no_signature(operator, file):
    pack, _key = operator
    (pack / file).write_bytes(b"\xff\xfe nonsense")

    with pytest.raises(PackForged):
        ask("sertraline")
