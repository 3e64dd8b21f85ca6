"""Reading values: what a laboratory wrote is what we keep, and nothing is guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs import reading
from labs.absences import ABSENT_WORDS
from labs.numerals import AMBIGUOUS, TOO_LARGE
from labs.types import Coded, IncomingObservation, ValueKind
from labs.values import BACKWARDS, BAD_STRUCTURE, NOT_A_NUMBER, UNKEEPABLE, ReadValue, read_value

TYPES = ["NM", "SN", "ST", "TX", "FT", "CE", "CWE", "ED", "RP", "DT", "TM", "TS", "", "??"]
texts = st.text(max_size=80) | st.text(alphabet="0123456789.,-+eE<>=^:/ '\u00a0*HLmgd%T\0", max_size=24)


def _read(
    value: str,
    value_type: str = "ST",
    *,
    unit: str = "",
    range_text: str = "",
    code: Coded | None = None,
    decimal_mark: str = "",
    refusal: str = "",
) -> ReadValue:
    return read_value(
        IncomingObservation(
            key="k", code=Coded(), value_type=value_type, value=value, unit=unit, range_text=range_text,
            value_code=code, refusal=refusal,
        ),
        decimal_mark=decimal_mark,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "comparator", "value"),
    [
        ("7.10", "", "7.10"), ("0.50", "", "0.50"), (".5", "", "0.5"), ("5.", "", "5"), ("+5", "", "5"),
        ("-3.2", "", "-3.2"), ("\u22123.2", "", "-3.2"), ("\uff15.\uff14", "", "5.4"), (" 5.4 ", "", "5.4"),
        ("\u0661\u0662", "", "12"), ("<5", "<", "5"), ("< 5.0", "<", "5.0"), (">1000", ">", "1000"),
        (">=60", ">=", "60"), ("=>60", ">=", "60"), ("\u22645", "<=", "5"), ("\u2265 60", ">=", "60"),
        ("=5", "", "5"), ("less than 5", "<", "5"), ("Greater than 60", ">", "60"), ("> or = 60", ">=", "60"),
        ("1,234,567", "", "1234567"), ("1,234.50", "", "1234.50"), ("1.234,5", "", "1234.5"),
        ("5,4", "", "5.4"), ("0,123", "", "0.123"), ("1234,567", "", "1234.567"), ("1'234.5", "", "1234.5"),
        ("1\u2019234", "", "1234"), ("1\u00a0234,5", "", "1234.5"), ("1.5E3", "", "1500"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("value_type", ["NM", "ST"])
def test_reads_a_number_with_its_digits(text: str, comparator: str, value: str, value_type: str) -> None:
    read = _read(text, value_type)

    assert (read.kind, read.comparator, read.problem) == (ValueKind.NUMBER, comparator, "")
    assert read.value == Decimal(value)
    if "E" not in text:
        assert str(read.value) == value
    assert read.text == text


@pytest.mark.parametrize(
    ("text", "unit", "flag"),
    [
        ("5.4 mmol/L", "mmol/L", ""), ("5.4mmol/L", "mmol/L", ""), ("98 %", "%", ""),
        ("5.4 mm Hg", "mm Hg", ""),
        ("150 x10E3/uL", "x10E3/uL", ""), ("150 10*3/uL", "10*3/uL", ""), ("5.4 H", "", "H"),
        ("5.4*", "", "*"),
        ("5.4 H*", "", "H*"), ("5.4 LL", "", "LL"), ("2.1 L", "L", ""),
    ],
)  # fmt: skip
def test_reads_what_stands_behind_the_number(text: str, unit: str, flag: str) -> None:
    read = _read(text)

    assert (read.kind, read.unit, read.flag_text) == (ValueKind.NUMBER, unit, flag)


def test_a_lone_l_is_a_flag_where_the_unit_has_its_own_field() -> None:
    assert _read("2.1 L", unit="mmol/L").flag_text == "L"


def test_refuses_a_comma_that_reads_in_two_ways() -> None:
    assert _read("1,234").problem == AMBIGUOUS
    assert _read("1,234").value is None
    assert _read("1,000", "NM").problem == AMBIGUOUS
    assert _read("^1,000", "SN").problem == AMBIGUOUS
    assert _read("1,000", range_text="4,000-11,000").problem == AMBIGUOUS


def test_takes_a_comma_where_something_says_what_it_means() -> None:
    assert _read("1,000", range_text="150.0-400.0").value == Decimal(1000)
    assert _read("1,000", range_text="3,5-5,0").value == Decimal("1.000")
    assert _read("1,000", decimal_mark=".").value == Decimal(1000)
    assert _read("1,000", decimal_mark=",").value == Decimal("1.000")
    assert _read(">100,000 CFU/mL").value == Decimal(100000)
    assert _read("100,000", unit="cells/uL").value == Decimal(100000)


def test_refuses_a_mark_against_what_is_known_of_the_sender() -> None:
    assert _read("5,4", range_text="3.5-5.0").problem == AMBIGUOUS
    assert _read("1.234", decimal_mark=",").problem == AMBIGUOUS


@pytest.mark.parametrize("text", ["1e400", "1e-400", "9" * 20, "0." + "0" * 30 + "1", "1e9999999999"])
def test_refuses_a_number_that_no_laboratory_measures(text: str) -> None:
    read = _read(text, "NM")

    assert read.problem == TOO_LARGE
    assert read.value is None


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("5-10", "5", "10"), ("5 - 10", "5", "10"), ("5 to 10", "5", "10"), ("-5 - 5", "-5", "5"),
     ("5\u201310", "5", "10"), ("0-2 /HPF", "0", "2"), ("-5--1", "-5", "-1")],
)  # fmt: skip
def test_reads_a_range(text: str, low: str, high: str) -> None:
    read = _read(text)

    assert (read.kind, read.low, read.high) == (ValueKind.RANGE, Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("text", "kind", "comparator", "one", "two"),
    [
        ("1:160", ValueKind.TITRE, "", 1, 160), ("<1:40", ValueKind.TITRE, "<", 1, 40),
        (">1:640", ValueKind.TITRE, ">", 1, 640), ("3/10", ValueKind.RATIO, "", 3, 10),
    ],
)  # fmt: skip
def test_reads_titres_and_ratios(text: str, kind: ValueKind, comparator: str, one: int, two: int) -> None:
    read = _read(text)

    assert (read.kind, read.comparator, read.numerator, read.denominator) == (kind, comparator, one, two)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (">^100", {"kind": ValueKind.NUMBER, "comparator": ">", "value": Decimal(100)}),
        ("^5.40", {"kind": ValueKind.NUMBER, "value": Decimal("5.40")}),
        ("=^5^^", {"kind": ValueKind.NUMBER, "comparator": "", "value": Decimal(5)}),
        ("^1^:^160", {"kind": ValueKind.TITRE, "numerator": Decimal(1), "denominator": Decimal(160)}),
        (">=^1^:^640", {"kind": ValueKind.TITRE, "comparator": ">="}),
        ("^5^-^10", {"kind": ValueKind.RANGE, "low": Decimal(5), "high": Decimal(10)}),
        ("^3^/^10", {"kind": ValueKind.RATIO, "numerator": Decimal(3), "denominator": Decimal(10)}),
        ("^2^+", {"kind": ValueKind.TEXT, "text": "2+", "problem": ""}),
        ("^10^-^5", {"problem": BACKWARDS}),
        ("<^5^-^10", {"problem": BAD_STRUCTURE}),
        ("<>^5", {"problem": BAD_STRUCTURE}),
        ("x^5", {"problem": BAD_STRUCTURE}),
        ("^^", {"problem": BAD_STRUCTURE}),
        (">^", {"problem": BAD_STRUCTURE}),
        ("^5^?^6", {"problem": BAD_STRUCTURE}),
        ("^5^-^6^7", {"problem": BAD_STRUCTURE}),
    ],
)
def test_reads_structured_numerics(text: str, expected: dict[str, object]) -> None:
    read = _read(text, "SN")

    assert {name: getattr(read, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("TNP", "not-performed"), ("tnp", "not-performed"), ("TNP - clotted", "not-performed"),
        ("Test not performed.", "not-performed"), ("QNS", "insufficient"), ("*QNS*", "insufficient"),
        ("Quantity not sufficient", "insufficient"), ("PENDING", "pending"), ("Results to follow", "pending"),
        ("CANCELLED", "cancelled"), ("Canceled: duplicate order", "cancelled"), ("Hemolyzed", "unsuitable"),
        ("specimen haemolysed", "unsuitable"), ("Specimen lost", "missing"), ("N/A", "not-applicable"),
        ("Unable to calculate", "not-calculated"), ("SEE NOTE", "see-note"), ("", "not-reported"),
        ('""', "not-reported"), ("---", "not-reported"), ("...", "not-reported"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("value_type", ["NM", "ST", "CWE", "SN"])
def test_reads_that_there_is_no_result(text: str, reason: str, value_type: str) -> None:
    read = _read(text, value_type)

    assert (read.kind, read.absent_reason, read.problem) == (ValueKind.ABSENT, reason, "")
    assert reason in ABSENT_WORDS


@pytest.mark.parametrize(
    "text",
    ["Negative", "ND", "NA", "-", "1+", "2+", "10\u00b3", "5\u00b2", "10-5", "10:30", "5 years", "12O",
     "5.4.3", "5e",
     "<", "Pendular nystagmus", "120 080", "Reactive 1:4 by hand"],
)  # fmt: skip
def test_keeps_as_text_what_is_not_beyond_doubt(text: str) -> None:
    read = _read(text)

    assert (read.kind, read.text, read.problem) == (ValueKind.TEXT, text, "")


def test_words_where_a_number_was_announced_stay_words_and_half_numbers_are_refused() -> None:
    assert _read("Negative", "NM").problem == ""
    assert _read("1+", "NM").problem == ""
    assert _read("12O", "NM").problem == NOT_A_NUMBER
    assert _read("5.4.3", "NM").problem == NOT_A_NUMBER
    assert _read("10\u00b3", "NM").problem == NOT_A_NUMBER


def test_refuses_a_nul_and_keeps_the_rest_storable() -> None:
    read = _read("5\0.4")

    assert read.problem == UNKEEPABLE
    assert "\0" not in read.text


def test_a_code_stays_a_code_unless_it_says_that_there_is_none() -> None:
    positive = Coded(code="10828004", text="Positive", system="SCT")

    assert _read("Positive", "CWE", code=positive).coded == positive
    assert _read("", "CWE", code=Coded(code="TNP")).absent_reason == "not-performed"
    assert _read("", "CWE", code=positive).kind is ValueKind.CODED
    assert _read("5", "CE").kind is ValueKind.CODED


def test_documents_and_dates_are_left_alone() -> None:
    assert _read("JVBERi0xLjQ=", "ED").kind is ValueKind.DOCUMENT
    assert _read("20260303", "DT").kind is ValueKind.TEXT


def test_what_the_wire_refused_stays_refused() -> None:
    assert _read("5.4", refusal="Broken field").problem == "Broken field"


@given(text=texts, value_type=st.sampled_from(TYPES), unit=st.text(max_size=12), range_text=texts)
def test_never_raises_and_keeps_the_text(text: str, value_type: str, unit: str, range_text: str) -> None:
    read = _read(text, value_type, unit=unit, range_text=range_text)

    if "\0" not in text and read.kind is not ValueKind.TEXT:
        assert read.text == text
    if read.problem == "" and read.kind is ValueKind.NUMBER:
        assert read.value is not None
        assert read.value.is_finite()
    if read.kind is ValueKind.RANGE and not read.problem:
        assert read.low is not None
        assert read.high is not None
        assert read.low <= read.high


@given(
    digits=st.integers(0, 10**9),
    places=st.integers(0, 6),
    comparator=st.sampled_from(["", "<", ">", "<=", ">="]),
)
def test_keeps_every_digit(digits: int, places: int, comparator: str) -> None:
    written = f"{Decimal(digits).scaleb(-places):f}"

    read = _read(comparator + written, "NM")

    assert str(read.value) == written or f"{read.value:f}" == written
    assert read.comparator == comparator


@given(number=st.integers(1000, 999_999_999), mark=st.sampled_from([",", "'", "\u00a0"]))
def test_grouped_thousands_read_as_the_whole_number_or_not_at_all(number: int, mark: str) -> None:
    read = _read(f"{number:,}".replace(",", mark), "NM")

    assert read.value in {Decimal(number), None}
    assert (read.value is None) == (read.problem == AMBIGUOUS)


@pytest.mark.parametrize(
    ("loinc", "value", "unit", "is_right"),
    [
        ("718-7", "12.5", "g/dL", True),
        ("718-7", "125", "g/L", True),
        ("718-7", "12.5", "g/mL", False),  # grams in a thousandth of the volume
        ("718-7", "125", "g/dL", False),  # the unit of another country's number
        ("718-7", "0.125", "g/dL", False),
        ("2823-3", "41", "mmol/L", False),  # the decimal point was lost
        ("2823-3", "<41", "mmol/L", False),
        ("2823-3", "<0.1", "mmol/L", True),  # below what the analyser can tell
        ("2823-3", "4.1", "mmol/L", True),
        ("2744-1", "74", "[pH]", False),
        ("58410-2", "1250", "g/dL", True),  # a code without bounds says nothing
    ],
)
def test_a_number_that_no_body_gives_is_for_a_person(loinc, value, unit, is_right):
    said = IncomingObservation(
        key="k", code=Coded(code=loinc, system="LN"), value_type="NM", value=value, unit=unit
    )

    row = reading.read("k", said, reading.Context(sender="lab", on=date(2026, 3, 2)))

    assert (row["problem"] == "") is is_right
    assert row["value_text"] == value
    if not is_right:
        assert row["problem"] == reading.IMPLAUSIBLE
        assert row["flag_computed"] == ""
