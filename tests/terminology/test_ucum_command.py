"""``manage.py ucum``: what a person and a program get from it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments: str, **streams: int) -> subprocess.Popen[bytes]:
    # No address of any service: the command must not need one.
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LC_ALL")}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "ucum", *arguments],
        env=kept | {"STEADWELL_VENV": "none"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **streams,
    )  # fmt: skip


def ucum(*arguments: str, lines: bytes = b"") -> tuple[int, str, str]:
    process = start(*arguments, stdin=subprocess.PIPE)
    out, err = process.communicate(lines)
    return process.returncode, out.decode(), err.decode()


def test_convert_prints_the_answer_and_what_it_rests_on():
    status, out, err = ucum("convert", "100", "mg/dL", "mmol/L", "--loinc", "2345-7")

    assert (status, out) == (0, "5.55\n")
    assert "g/mol" in err


def test_convert_takes_a_negative_value():
    assert ucum("convert", "-40", "Cel", "[degF]")[:2] == (0, "-40\n")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("convert", "5", "[iU]/mL", "10*3/uL"), "refused"),
        (("convert", "5", "IU/L", "[iU]/L"), "invalid"),
        (("convert", "five", "g", "mg"), "invalid"),
        (("convert", "5", "K/uL", "10*3/uL"), "trap"),
        (("validate", "IU/L"), "invalid"),
        (("map", "MG/L"), "trap"),
        (("map", "blorbs"), "unknown"),
    ],
)
def test_what_has_no_answer_ends_with_1_and_says_why(arguments, word):
    status, out, err = ucum(*arguments)

    assert (status, out) == (1, "")
    assert err.startswith(f"{word}: ")
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [(), ("convert",), ("convert", "5", "g"), ("validate",), ("nonsense",)])
def test_a_command_that_makes_no_sense_ends_with_2(arguments):
    status, out, err = ucum(*arguments)

    assert (status, out) == (2, "")
    assert "ucum" in err


def test_validate_and_map_print_codes():
    assert ucum("validate", "mg/dl")[:2] == (0, "mg/dL\n")
    assert ucum("map", "t", "--sender", "kanta")[:2] == (0, "h\n")


def test_batch_answers_every_line_in_order():
    lines = (
        b"100\tmg/dL\tmmol/L\t2345-7\r\n5\t[iU]/mL\t10*3/uL\t\n\nnonsense\n1\tK/uL\t/uL\n"
        b"7.10\tg/dL\tg/L\t\n\tg\tmg\n\xff\xfe\t\x00\n"
    )

    status, out, _ = ucum("convert", "--batch", lines=lines)

    rows = [row.split("\t") for row in out.splitlines()]
    assert status == 0
    assert [row[:2] for row in rows] == [
        ["5.55", "ok"], ["", "refused"], ["", "invalid"], ["", "invalid"], ["", "trap"], ["71.0", "ok"],
        ["", "invalid"], ["", "invalid"],
    ]  # fmt: skip
    assert all(len(row) == 3 for row in rows)


def test_batch_maps_and_validates_one_unit_a_line():
    raw = "MG/DL\nK/uL\n\nblorbs\tx\nµg/L\nunits\n".encode()

    mapped = ucum("map", "--batch", lines=raw)[1]
    validated = ucum("validate", "--batch", lines=raw)[1]

    assert [row.split("\t")[:2] for row in mapped.split("\n")[:-1]] == [
        ["mg/dL", "ok"], ["", "trap"], ["", "unknown"], ["", "unknown"], ["ug/L", "ok"], ["", "refused"],
    ]  # fmt: skip
    assert [row.split("\t")[1] for row in validated.split("\n")[:-1]] == ["invalid", "ok", *["invalid"] * 4]
    assert all(row.count("\t") == 2 for row in (mapped + validated).split("\n") if row)


def test_batch_answers_a_line_before_the_next_one_comes():
    process = start("map", "--batch", stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None

    process.stdin.write(b"MG/DL\n")
    process.stdin.flush()
    first = process.stdout.readline()
    _, err = process.communicate(b"")

    assert (first, err, process.returncode) == (b"mg/dL\tok\t\n", b"", 0)


def test_the_engine_loads_no_framework_and_no_other_unit_library():
    code = (
        "import sys; from steadwell.terminology import service; service.map_unit('MG/DL');"
        "service.convert('1', 'g', 'mg');"
        "print([name for name in ('django', 'psycopg', 'pint', 'lark', 'ucumvert') if name in sys.modules])"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "platform")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.stdout, ran.stderr) == ("[]\n", "")
