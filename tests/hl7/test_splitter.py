from __future__ import annotations

import pytest
from hl7_messages import header, message, order, patient, report, result
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fhir_facade.hl7v2.errors import REASONS, Unreadable
from fhir_facade.hl7v2.splitter import Limits, Message, open_envelope, split


def read_everything(found: Message) -> list[object]:
    kept: list[object] = [found.kind, found.control_id, found.version]
    for segment in found.segments:
        for field in range(len(segment.fields) + 2):
            kept += [segment.raw(field), segment.text(field, 2, 2), segment.whole(field), segment.tree(field)]
    return kept


def split_or_reason(raw: bytes) -> Message | str:
    try:
        return split(raw)
    except Unreadable as refused:
        return refused.reason


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_split_reads_each_line_ending(end: str) -> None:
    raw = message(header(), patient(), order(), result(), end=end)

    found = split(raw)

    assert [each.name for each in found.segments] == ["MSH", "PID", "OBR", "OBX"]
    assert found.raw == raw
    assert found.kind == ("ORU", "R01")
    assert (found.control_id, found.version) == ("C1", "2.5.1")
    assert found.segments[1].text(5, 2) == "Ana"
    assert [found.segments[1].pick(each, 5) for each in found.segments[1].repeats(3)] == ["MR", "NI"]


def test_header_fields_are_counted_from_the_separator() -> None:
    found = split(report())

    assert found.header.raw(1) == "|"
    assert found.header.raw(2) == "^~\\&"
    assert found.header.text(3) == "LAB"
    assert found.header.tree(2) == [[["^~\\&"]]]


def test_fifth_mark_of_newer_versions() -> None:
    found = split(b"MSH|^~\\&#|LAB|N|||20260302||ORU^R01|C9|P|2.8\rNTE|1||10\\P\\ of many\r")

    assert found.marks.truncation == "#"
    assert found.header.text(9, 2) == "R01"
    assert found.segments[1].text(3) == "10# of many"


def test_marks_of_the_senders_own() -> None:
    found = split(b"MSH$%*!@$LAB$N$$$20260302$$ORU%R01$C9$P$2.3\rPID$1$$1%%%A@B@C*2\r")

    assert found.kind == ("ORU", "R01")
    assert found.segments[1].text(3, 4, 2) == "B"
    assert found.segments[1].repeats(3) == ["1%%%A@B@C", "2"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"\x0b \r\n\x00\x1c\r", "empty"),
        (b"PID|1||4", "no-header"),
        (b"log line: MSH|^~\\&|", "no-header"),
        (b"MSH", "no-header"),
        (b"MSH|^^\\&|LAB", "separators"),
        (b"MSHA^~\\&|LAB", "separators"),
        (b"MSH|^~\\&#?|LAB", "separators"),
        (b"MSH||LAB", "separators"),
    ],
)
def test_split_refuses_with_a_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        split(raw)

    assert refused.value.reason == reason
    assert reason in REASONS


def test_split_keeps_to_its_limits() -> None:
    raw = message(header(), *["NTE|1||x"] * 30)

    with pytest.raises(Unreadable) as too_many:
        split(raw, limits=Limits(segments=30))
    with pytest.raises(Unreadable) as too_large:
        split(raw, limits=Limits(size=100))

    assert (too_many.value.reason, too_large.value.reason) == ("too-many-segments", "too-large")


def test_ten_thousand_segments_are_read() -> None:
    found = split(report("C1", *[result(number) for number in range(10_000)]))

    assert len(found.segments) == 10_003
    assert found.segments[-1].text(1) == "9999"


@pytest.mark.parametrize(
    ("charset", "encoding", "doubtful"),
    [
        ("", "utf-8", False),
        ("UNICODE UTF-8", "utf-8", False),
        ("8859/1", "latin-1", False),
        ("8859/1~UNICODE UTF-8", "latin-1", False),
        ("8859/2", "iso8859-2", False),
        ("8859/15", "iso8859-15", False),
        ("", "cp1252", True),  # says nothing, writes Windows
        ("UNICODE UTF-8", "cp1252", True),  # says one thing, does another
        ("ASCII", "utf-8", True),
        ("KLINGON", "utf-8", True),
    ],
)
def test_text_is_read_as_msh_18_says(charset: str, encoding: str, doubtful: bool) -> None:
    raw = message(header(charset=charset), patient(name="Müller^Zoë"), charset=encoding)

    found = split(raw)

    assert found.segments[1].text(5) == "Müller"
    assert found.decoded.doubtful is doubtful
    assert found.raw == raw


def test_windows_quotes_under_latin_1_are_told_apart() -> None:
    raw = message(header(charset="8859/1"), "NTE|1||said “negative”", charset="cp1252")

    found = split(raw)

    assert found.segments[1].text(3) == "said “negative”"
    assert found.decoded.doubtful


def test_bytes_that_are_no_text_are_marked() -> None:
    found = split(message(header(), "NTE|1||x").replace(b"x", b"\x81\xff"))

    assert found.decoded.damaged
    assert found.segments[1].text(3) == "\ufffdÿ"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_byte_order_marks_and_wide_characters(encoding: str) -> None:
    found = split(message(header(charset="UNICODE"), patient(name="Łoś"), charset=encoding))

    assert found.segments[1].text(5) == "Łoś"
    assert not found.decoded.doubtful


def test_japanese_switching_sets_are_read() -> None:
    found = split(message(header(charset="ISO IR87"), patient(name="山田"), charset="iso2022_jp"))

    assert found.segments[1].text(5) == "山田"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f", "a|b^c&d~e\\f"),
        ("one\\.br\\two\\.BR\\three", "one\ntwo\nthree"),
        ("one\\.sp2\\two\\.sk 3\\three", "one\n\ntwo   three"),
        ("\\.in+4\\\\.ti-2\\plain\\.fi\\", "plain"),
        ("\\H\\bold\\N\\ rest", "bold rest"),
        ("\\X41\\\\X0D0A\\\\XC3A9\\", "A\né"),
        ("\\XE9\\", "é"),  # no UTF-8: Windows' set
        ("C:\\lab\\F1\\x", "C:\\lab\\F1\\x"),
        ("5 \\ 6", "5 \\ 6"),
        ("\\Q\\ \\E\\S\\E\\", "\\Q\\ \\S\\"),
        ("\\C2842\\text", "text"),
    ],
)
def test_escapes_are_read(written: str, read: str) -> None:
    found = split(message(header(), f"NTE|1||{written}"))

    assert found.segments[1].text(3) == read


def test_line_feed_inside_a_value_stays_there() -> None:
    raw = message(header(), "OBX|1|FT|1^Note^L||First line\nsecond\n\nABC|fourth|||N|||F", result(2))

    found = split(raw)

    assert [each.name for each in found.segments] == ["MSH", "OBX", "OBX"]
    assert found.segments[1].raw(5) == "First line\nsecond\n\nABC"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_broken_value_is_joined_again(end: str) -> None:
    raw = message(
        header(), "OBX|1|TX|1^Note^L||First", "", "  second|||N|||F", "", "OBX|2|NM|2^K^L||4", end=end
    )

    found = split(raw)

    assert [each.name for each in found.segments] == ["MSH", "OBX", "OBX"]
    assert found.segments[1].raw(5) == "First\n\n  second"
    assert found.segments[2].raw(5) == "4"


def test_mixed_line_endings() -> None:
    found = split(f"{header()}\r{patient()}\n{order()}\r\n{result()}\n".encode())

    assert [each.name for each in found.segments] == ["MSH", "PID", "OBR", "OBX"]


def test_nul_bytes_and_frame_marks_around_are_no_content() -> None:
    found = split(b"\x00\x0b" + report() + b"\x1c\r\x00")

    assert found.control_id == "C1"


def test_segment_of_the_senders_own_is_kept() -> None:
    assert [each.name for each in split(message(header(), "ZLR|1|x", "QQ1|2", "NTE")).segments] == [
        "MSH", "ZLR", "QQ1", "NTE",
    ]  # fmt: skip


def test_envelope_of_one_is_the_bytes_themselves() -> None:
    raw = report()

    assert open_envelope(raw).messages == (raw,)


def test_two_messages_in_one_frame() -> None:
    one, two = report("C1"), report("C2")

    found = open_envelope(one + two)

    assert found.messages == (one, two)
    assert not found.batch


def test_batch_with_its_headers_and_count() -> None:
    one, two = report("C1"), report("C2")
    raw = b"FHS|^~\\&|LAB\rBHS|^~\\&|LAB\r" + one + two + b"BTS|2|end\rFTS|1\r"

    found = open_envelope(raw)

    assert found.messages == (one, two)
    assert (found.batch, found.announced) == (True, 2)


def test_word_msh_inside_a_value_makes_no_message() -> None:
    raw = report("C1", result(kind="TX", value="as in MSH of the manual"), "NTE|1||\nMSH is a header")

    assert open_envelope(raw).messages == (raw,)


FRAGMENTS = st.sampled_from(
    [
        *(b"MSH|^~\\&|", b"MSH", b"|", b"^", b"~", b"\\", b"&", b"\r", b"\n", b"\r\n", b"\nOBX|", b"\\X"),
        *(b"\\.br\\", b"\\.sp", b"\x0b", b"\x1c\r", b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"),
        *(b"M\x00S\x00H\x00", b"\xe9", b"\xc3", b"UNICODE UTF-8", b"ISO IR87", b"\x1b$B", b"GB 18030-2000"),
        *(b"FHS|", b"BTS|", b"||||||||||||||||", b"OBX", b"NTE"),
    ]
)
SOUP = st.lists(FRAGMENTS | st.binary(max_size=8), max_size=40).map(b"".join)


@settings(max_examples=400, deadline=None)
@given(raw=st.binary(max_size=300) | SOUP | SOUP.map(lambda rest: b"MSH|^~\\&|" + rest))
@example(raw=b"MSH|^~\\&|\n")
@example(raw=b"MSH|^~\\&\r\n\nOBX|\n")
def test_split_never_raises_anything_but_its_refusal(raw: bytes) -> None:
    for each in open_envelope(raw).messages:
        found = split_or_reason(each)

        assert found in REASONS if isinstance(found, str) else found.raw == each and read_everything(found)


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


def escaped(text: str) -> str:
    for mark, name in (("\\", "E"), ("|", "F"), ("^", "S"), ("&", "T"), ("~", "R")):
        text = text.replace(mark, f"\\{name}\\" if mark != "\\" else "\0")
    return text.replace("\0", "\\E\\")


@settings(max_examples=200, deadline=None)
@given(values=st.lists(TEXT, min_size=1, max_size=5))
def test_what_is_escaped_comes_back(values: list[str]) -> None:
    line = "NTE|1||" + "~".join("^".join([escaped(each), escaped(each)]) for each in values)

    segment = split(message(header(charset="UNICODE UTF-8"), line)).segments[1]

    read = [segment.pick(each, 2) for each in segment.repeats(3)]

    assert read == values
