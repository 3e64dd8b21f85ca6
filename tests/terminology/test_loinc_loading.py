"""The operator's own Loinc.csv: loaded as a whole or not at all. The rows here are made up."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from steadwell.terminology import loading
from steadwell.terminology.labcodes import luhn_digit
from steadwell.terminology.loinc import find_names
from steadwell.terminology.models import LoincRelease, LoincTerm

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
COLUMNS = [
    "LOINC_NUM", "COMPONENT", "PROPERTY", "TIME_ASPCT", "SYSTEM", "SCALE_TYP", "CLASS", "VersionLastChanged",
    "STATUS", "CLASSTYPE", "SHORTNAME", "EXAMPLE_UCUM_UNITS", "LONG_COMMON_NAME",
]  # fmt: skip


def _code(number: int) -> str:
    return f"{number}-{luhn_digit(str(number))}"


def _row(number: int, **more: str) -> dict[str, str]:
    return {
        "LOINC_NUM": _code(number), "COMPONENT": "Unobtainium", "PROPERTY": "MCnc", "TIME_ASPCT": "Pt",
        "SYSTEM": "Ser", "SCALE_TYP": "Qn", "CLASS": "CHEM", "VersionLastChanged": "2.70", "STATUS": "ACTIVE",
        "CLASSTYPE": "1", "SHORTNAME": f"Unobtainium {number}", "EXAMPLE_UCUM_UNITS": "ug/L;ng/mL",
        "LONG_COMMON_NAME": f'Unobtainium "pure", {number}\nin Serum',
    } | more  # fmt: skip


@pytest.fixture
def written(tmp_path: Path):
    def write(*rows: dict[str, str], columns: list[str] = COLUMNS, name: str = "Loinc.csv") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore", quoting=csv.QUOTE_ALL)
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


def test_loads_laboratory_codes_and_uses_them(written):
    path = written(_row(990001), _row(990002, VersionLastChanged="2.81"), _row(990003, CLASSTYPE="2"))

    loaded = loading.load(path=path, now=NOW)

    assert (loaded.release, loaded.terms, loaded.again) == ("2.81", 2, False)
    found = find_names([_code(990001), _code(990003), "2951-2"])
    assert found[_code(990001)].unit == "ug/L"
    assert found[_code(990001)].release == "2.81"
    assert _code(990003) not in found
    assert found["2951-2"].release == ""


def test_shipped_table_wins_for_what_it_knows(written):
    loading.load(path=written(_row(2951, LONG_COMMON_NAME="Something else")), now=NOW)

    assert find_names(["2951-2"])["2951-2"].name == "Sodium in serum or plasma"


def test_same_file_again_changes_nothing(written):
    path = written(_row(990001))
    loading.load(path=path, now=NOW)

    assert loading.load(path=path, now=NOW).again
    assert LoincRelease.objects.count() == 1


def test_new_release_replaces_and_the_one_before_is_kept(written):
    for turn, number in enumerate((990001, 990002, 990003)):
        loading.load(path=written(_row(number)), now=NOW.replace(hour=turn), release=f"2.{turn}")

    assert set(LoincRelease.objects.values_list("name", "current")) == {("2.1", False), ("2.2", True)}
    assert set(LoincTerm.objects.values_list("code", flat=True)) == {_code(990002), _code(990003)}
    assert find_names([_code(990002)]) == {}


@pytest.mark.parametrize(
    ("rows", "columns", "why"),
    [
        ([_row(990001, LOINC_NUM=_code(990001)[:-1] + "X")], COLUMNS, "is no LOINC code"),
        ([_row(990001), _row(990001)], COLUMNS, "comes twice"),
        ([_row(990001, STATUS="")], COLUMNS, "STATUS cannot be used"),
        ([_row(990001)], [name for name in COLUMNS if name != "STATUS"], "no column STATUS"),
        ([_row(990001, CLASSTYPE="2")], COLUMNS, "No laboratory code"),
        ([], COLUMNS, "No laboratory code"),
        ([_row(990001, VersionLastChanged="")], COLUMNS, "Name the release"),
    ],
)
def test_faulty_file_changes_nothing(written, rows, columns, why):
    loading.load(path=written(_row(990009), name="good.csv"), now=NOW)

    with pytest.raises(loading.FileRefused) as refusal:
        loading.load(path=written(*rows, columns=columns), now=NOW)

    assert why in refusal.value.text
    assert list(LoincTerm.objects.values_list("code", flat=True)) == [_code(990009)]
    assert LoincRelease.objects.get().current


@pytest.mark.parametrize("content", [b"\xff\xfe\x00garbage", b'"LOINC_NUM\n', b"", b"PK\x03\x04"])
def test_what_is_no_table_is_refused(tmp_path, content):
    path = tmp_path / "Loinc.csv"
    path.write_bytes(content)

    with pytest.raises(loading.FileRefused):
        loading.load(path=path, now=NOW)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(loading.FileRefused, match="loinc-file-refused"):
        loading.load(path=tmp_path / "none.csv", now=NOW)


def test_names_take_one_query_at_most(written, django_assert_num_queries):
    loading.load(path=written(_row(990001), _row(990002)), now=NOW)

    with django_assert_num_queries(0):
        find_names(["2951-2", "2823-3"])
    with django_assert_num_queries(1):
        find_names([_code(990001), _code(990002), _code(990004)])


def test_command_loads_shows_and_says_what_is_in_use(written):
    def run(*words: str) -> str:
        out = StringIO()
        call_command("loinc", *words, stdout=out)
        return out.getvalue()

    assert "shipped table answers alone" in run("status")
    assert "2.70 is in use: 1" in run("load", str(written(_row(990001))))
    assert "was in use already" in run("load", str(written(_row(990001))))
    assert "LOINC 2.70" in run("status")
    assert "Sodium" in run("show", "2951-2")
    assert "LOINC 2.70" in run("show", _code(990001))
    with pytest.raises(CommandError, match="Nothing is known"):
        run("show", "1-8")
    with pytest.raises(CommandError, match="cannot be read"):
        run("load", "none.csv")
