"""``manage.py rxnorm normalise``: what a person and a program get from it, without any service running."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest
from drug_list import write

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300  # seconds; what says nothing by then fails instead of hanging


def start(*arguments: str, what: str = "normalise", **streams: int) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL")}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "rxnorm", what, *arguments],
        env=kept | {"STEADWELL_VENV": "none", "STEADWELL_DATA": "/nowhere", "HOME": "/nowhere"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.PIPE, **streams,
    )  # fmt: skip


def run(*arguments: str, lines: bytes = b"", what: str = "normalise") -> tuple[int, str, str]:
    process = start(*arguments, what=what)
    out, err = process.communicate(lines, timeout=PATIENCE)
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
def names(tmp_path):
    return str(write(tmp_path / "list.tsv"))


@pytest.mark.parametrize("head", [True, False])
def test_each_line_has_seven_cells(tmp_path, head):
    names = str(write(tmp_path / "list.tsv", head=head))
    texts = (
        "METFORMIN HCL 500MG TAB",
        "Ibuprofen 200 MG Oral Tablet",
        "metformin 500 MG Oral Tablet",
        "lisinopril",
        "blorbs",
    )
    lines = "".join(f"{text}\n" for text in texts)

    status, out, err = run("--names", names, lines=lines.encode())

    rows = [row.split("\t") for row in out.splitlines()]
    assert (status, err) == (0, "")
    assert all(len(row) == 7 for row in rows)
    assert rows[0] == [
        "METFORMIN HCL 500MG TAB", "861007", "SCD", "metformin hydrochloride 500 MG Oral Tablet", "6809",
        "clinical-drug", "One product alone fits.",
    ]  # fmt: skip
    assert [row[5] for row in rows] == ["clinical-drug", "exact", "ambiguous", "ingredient-only", "none"]
    assert "861007 metformin" in rows[2][6]
    assert "860975 24 HR metformin" in rows[2][6]


def test_json_is_one_object_a_line(names):
    status, out, _ = run("--json", "--names", names, lines=b"Norco 10/325\nblorbs\t5\n")

    found = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert (found[0]["rxcui"], found[0]["grade"], found[0]["release"]) == (
        "856999",
        "clinical-drug",
        "list.tsv",
    )
    assert {each["name"] for each in found[0]["ingredients"]} == {"acetaminophen", "hydrocodone"}
    assert (found[1]["input"], found[1]["rxcui"], found[1]["grade"]) == ("blorbs\t5", None, "none")


KNOWN = (
    ("METFORMIN HCL 500MG TAB", "861007"),  # right
    ("lipitor 10 mg tab", "617312"),  # the brand of it: the same clinical drug
    ("metformin 500 MG Oral Tablet", "861007"),  # ambiguous, and it is among those named
    ("lisinopril", "314077"),  # the ingredient alone
    ("lisinopril 10 mg tab", "314077"),  # another strength of it
    ("hydroxyzine hcl 25 mg tab", "905225"),  # said to be hydralazine: read as what it says
    ("blorbs 5 mg", "310965"),
    ("aspirin 81 mg tab", "5"),  # a code the list has not
)


def known(path: Path, *, head: bool = True) -> str:
    rows = [f"{text}\t{code}\n" for text, code in KNOWN]
    path.write_text(("string\trxcui\n" if head else "") + "".join(rows), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("head", [True, False])
def test_measure_says_how_much_is_right_wrong_and_left_open(tmp_path, names, head):
    status, out, err = run("--json", "--names", names, known(tmp_path / "k.tsv", head=head), what="measure")

    figures = json.loads(out)["figures"]
    assert (status, err) == (0, "")
    assert figures.pop("strings_per_second") > 0
    assert figures == {
        "strings": 7, "left_out": 1, "ingredient.right": 71.43, "ingredient.wrong": 14.29,
        "ingredient.abstained": 14.29, "drug.right": 28.57, "drug.other": 28.57, "drug.right_of_named": 50.0,
        "drug.offered": 14.29, "drug.none": 28.57,
    }  # fmt: skip


def test_measure_shows_what_was_not_read_right(tmp_path, names):
    status, out, _ = run("--show", "--names", names, known(tmp_path / "k.tsv"), what="measure")

    rows = [row.split("\t") for row in out.splitlines() if "\t" in row]
    assert status == 0
    assert [row[:3] for row in rows] == [
        ["right", "offered", "metformin 500 MG Oral Tablet"], ["right", "none", "lisinopril"],
        ["right", "other", "lisinopril 10 mg tab"], ["wrong", "other", "hydroxyzine hcl 25 mg tab"],
        ["abstained", "none", "blorbs 5 mg"],
    ]  # fmt: skip
    assert "ingredient.wrong      14.29" in out


def test_measure_of_what_is_no_list_ends_with_2_and_names_the_file(tmp_path, names):
    path = tmp_path / "wrong.tsv"
    path.write_text("lisinopril 20 mg\tmany\n", encoding="utf-8")

    for content, why in (("lisinopril\tmany\n", "'many' is no RxCUI"), ("lisinopril\n", "has one cell")):
        path.write_text(content, encoding="utf-8")
        status, out, err = run("--names", names, str(path), what="measure")
        assert (status, out) == (2, "")
        assert f"{path}: Line 1" in err
        assert why in err


def test_shipped_set_answers_where_nothing_runs():
    status, out, _ = run("--json", lines=b"lipitor 10 mg tab")

    found = json.loads(out)
    assert (status, found["rxcui"]) == (0, "617314")
    assert found["release"].startswith("starter")


def test_any_bytes_get_one_line_each(names):
    lines = (
        b"\n\r\n\xff\xfe\x00\n\x0b\x0c\x1c\xc2\x85\xe2\x80\xa8x\n"
        + b"9" * 5000
        + b"\n\tlisinopril 20 mg\t\n"
        + b"z"
    )

    for how in ((), ("--json",)):
        status, out, err = run(*how, "--names", names, lines=lines)
        assert (status, err) == (0, "")
        assert out.count("\n") == lines.count(b"\n") + 1
        assert len(out.splitlines()) == out.count("\n")


def test_line_is_answered_before_the_next_one_comes(names):
    process = start("--names", names)
    assert process.stdin is not None
    assert process.stdout is not None

    process.stdin.write(b"lisinopril 20 mg tab\n")
    process.stdin.flush()
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
    first = process.stdout.readline() if ready else b""
    _, err = process.communicate(b"", timeout=PATIENCE)

    assert first.startswith(b"lisinopril 20 mg tab\t314077\tSCD\t")
    assert (err, process.returncode) == (b"", 0)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"rxcui\ttty\tstr\n12\tSCD\n", "Line 2 has 2 cells"),
        (b"x12\tSCD\tname\n", "Line 1: 'x12' is no RxCUI"),
        (b"12\tSCD\t\xff\xfe\n", "not UTF-8"),
    ],
)
def test_list_that_is_none_ends_with_2_and_says_where(tmp_path, content, why):
    path = tmp_path / "list.tsv"
    path.write_bytes(content)

    status, out, err = run("--names", str(path), lines=b"lisinopril\n")

    assert (status, out) == (2, "")
    assert why in err
    assert "Traceback" not in err


def test_missing_list_and_nonsense_end_with_2(tmp_path):
    assert run("--names", str(tmp_path / "none.tsv"))[0] == 2
    assert run("--names")[0] == 2
    assert run("--names", "x", "--nonsense")[0] == 2


def test_list_with_other_columns_in_another_order_is_read(tmp_path):
    path = tmp_path / "list.tsv"
    path.write_text(
        "STR\tmore\tRXCUI\tTTY\r\nlisinopril 20 MG Oral Tablet\tx\t314077\tSCD\r\n", encoding="utf-8"
    )

    _, out, _ = run("--names", str(path), lines=b"lisinopril 20 mg\r\n")

    assert out.split("\t")[:2] == ["lisinopril 20 mg", "314077"]


def test_reading_loads_no_framework():
    code = (
        "import sys; from steadwell.terminology import service; service.normalise_drug('lisinopril 20 mg');"
        "print([name for name in ('django', 'psycopg') if name in sys.modules])"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "platform")}, capture_output=True, text=True, check=False,
        timeout=PATIENCE,
    )  # fmt: skip

    assert (ran.stdout, ran.stderr) == ("[]\n", "")
