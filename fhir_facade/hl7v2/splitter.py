"""Takes a message apart, and nothing more: what a field means is for its reader.

Bytes in, segments out, each field split only when somebody asks. The raw bytes stay as they came. Whatever
the bytes are, the only failure is ``Unreadable``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from fhir_facade.hl7v2 import charset, escapes
from fhir_facade.hl7v2.errors import Unreadable
from fhir_facade.hl7v2.marks import Marks, read_marks
from fhir_facade.hl7v2.segment_names import KNOWN

_LEADING: Final = b"\x00\x0b\x1c \t\r\n"
_TRAILING: Final = b"\x00\x0b\x1c\r\n"  # a blank at the end may be a value's
_UTF8_BOM: Final = b"\xef\xbb\xbf"
_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}")
_HEADERS: Final = frozenset({"MSH", "FHS", "BHS"})
_BOUNDARY: Final = re.compile(
    rb"(?:\A|(?<=[\r\n\x0b\x1c]))[ \t\x00]*"
    rb"(?:(MSH)([^\w\s])[^\w\s]{1,5}\2|(?:FHS|BHS|BTS|FTS)(?=[^\w\s]|[\r\n]|\Z))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    size: int = 16 * 2**20  # bytes
    segments: int = 50_000


LIMITS: Final = Limits()


class Segment:
    """One line. Numbers are HL7's: ``text(3)`` is field 3, in MSH too, whose first is its separator."""

    __slots__ = ("_fields", "codec", "line", "marks", "name")

    def __init__(self, name: str, line: str, marks: Marks, codec: str) -> None:
        self.name, self.line, self.marks, self.codec = name, line, marks, codec
        self._fields: list[str] | None = None

    @property
    def fields(self) -> list[str]:
        """All fields as written; the first is the segment's name."""
        if self._fields is None:
            fields = self.line.split(self.marks.field)
            if self.name in _HEADERS:
                fields.insert(1, self.marks.field)
            self._fields = fields
        return self._fields

    def raw(self, field: int) -> str:
        """A field as written, or empty."""
        fields = self.fields
        return fields[field] if field < len(fields) else ""

    def repeats(self, field: int) -> list[str]:
        """Each repetition as written; none for an empty field."""
        raw = self.raw(field)
        if not raw:
            return []
        mark = self.marks.repeat
        return raw.split(mark) if mark and not self._is_marks(field) else [raw]

    def whole(self, field: int) -> str:
        """A field with its separators as they are and its escapes read."""
        raw = self.raw(field)
        return raw if self._is_marks(field) else escapes.unescape(raw, self.marks, self.codec)

    def text(self, field: int, component: int = 1, part: int = 1) -> str:
        """One component of a field's first repetition, escapes read; empty when it is not there."""
        raw = self.raw(field)
        if not raw or self._is_marks(field):
            return raw if component == part == 1 else ""
        mark = self.marks.repeat
        if mark and mark in raw:
            raw = raw[: raw.index(mark)]
        return self.pick(raw, component, part)

    def pick(self, repeat: str, component: int = 1, part: int = 1) -> str:
        """One component of a repetition as ``repeats`` gave it."""
        found = _nth(_nth(repeat, self.marks.component, component), self.marks.part, part)
        return escapes.unescape(found, self.marks, self.codec)

    def read(self, raw: str) -> str:
        """Any text of this segment with its escapes read."""
        return escapes.unescape(raw, self.marks, self.codec)

    def tree(self, field: int) -> list[list[list[str]]]:
        """A whole field: repetitions of components of subcomponents, escapes read."""
        if self._is_marks(field):
            return [[[self.raw(field)]]]
        return [
            [
                [self.read(part) for part in _apart(component, self.marks.part)]
                for component in _apart(repeat, self.marks.component)
            ]
            for repeat in self.repeats(field)
        ]

    def _is_marks(self, field: int) -> bool:
        return field <= 2 and self.name in _HEADERS


def _apart(text: str, mark: str) -> list[str]:
    return text.split(mark) if mark else [text]


def _nth(text: str, mark: str, number: int) -> str:
    if not mark or mark not in text:
        return text if number == 1 else ""
    parts = text.split(mark, number)
    return parts[number - 1] if number <= len(parts) else ""


@dataclass(frozen=True)
class Message:
    """A message taken apart. ``raw`` are its bytes, exactly."""

    raw: bytes
    segments: list[Segment]
    marks: Marks
    decoded: charset.Decoded

    @property
    def header(self) -> Segment:
        return self.segments[0]

    def named(self, name: str) -> list[Segment]:
        return [segment for segment in self.segments if segment.name == name]

    @cached_property
    def kind(self) -> tuple[str, str]:
        """Message type and trigger event (MSH-9): ``("ORU", "R01")``."""
        kind, trigger = self.header.text(9, 1).strip(), self.header.text(9, 2).strip()
        if not trigger and "_" in kind:  # the structure where the type belongs
            kind, trigger = kind.split("_", 1)
        return kind.upper(), trigger.upper()

    @property
    def control_id(self) -> str:
        return self.header.text(10).strip()

    @property
    def version(self) -> str:
        return self.header.text(12).strip()


def split(raw: bytes, *, limits: Limits = LIMITS) -> Message:
    """Take one message apart. Raises Unreadable, and nothing else, whatever the bytes are."""
    if len(raw) > limits.size:
        raise Unreadable("too-large")
    body = raw if charset.find_wide(raw) else _trim(raw).rstrip(_TRAILING)
    if not body:
        raise Unreadable("empty")
    decoded = charset.decode(body, _declared_set(body))
    text = decoded.text.lstrip("\ufeff")
    if not text.startswith("MSH") or len(text) < 5:
        raise Unreadable("no-header")
    marks = read_marks(text[3], _second_field(text))
    lines = _lines(text, marks.field)
    if len(lines) > limits.segments:
        raise Unreadable("too-many-segments")
    codec = decoded.codec
    return Message(raw, [Segment(line[:3], line, marks, codec) for line in lines], marks, decoded)


def _trim(raw: bytes) -> bytes:
    body = raw.lstrip(_LEADING)
    if body.startswith(_UTF8_BOM):
        body = body[3:].lstrip(_LEADING)
    return body


def _second_field(text: str) -> str:
    # Long enough for five marks and the separator; a header of marks alone may end the line.
    found = re.match(r"[^\r\n]{0,6}", text[4:])
    rest = found[0] if found else ""
    return rest.split(text[3], 1)[0]


def _declared_set(body: bytes) -> str:
    """MSH-18, found in the bytes: without it they are no text yet. The first of its repetitions counts."""
    end = re.search(rb"[\r\n]", body)
    header = body[: end.start()] if end else body
    if len(header) < 4:
        return ""
    fields = header.split(header[3:4], 18)
    if len(fields) < 18:
        return ""
    marks = fields[1]
    declared = fields[17]
    if len(marks) > 1 and marks[1:2] in declared:
        declared = declared.split(marks[1:2], 1)[0]
    return declared.decode("ascii", "replace")


def _lines(text: str, mark: str) -> list[str]:
    """One line per segment. A break inside a value is kept there, as a line feed.

    Where carriage returns end the lines, as the standard has it, a lone line feed belongs to the value unless
    a known segment begins behind it. Where line feeds end them, only a known segment's name begins a line.
    """
    official = "\r" in text
    if official:
        parts = text.replace("\r\n", "\r").split("\r") if "\n" in text else text.split("\r")
    else:
        parts = text.split("\n")
    starts = _starts(mark)
    if "\n" not in text and all([part[:4] in starts for part in parts if part]):  # noqa: C419 - half the time
        return [part for part in parts if part]
    lines: list[str] = []
    blank = 0
    for part in parts:
        if not part.strip():
            blank += 1
            continue
        if "\n" in part:
            _add_inner(lines, part, mark)
        elif part[:4] in starts or _begins(part, mark, any_name=official):
            lines.append(part)
        else:
            lines[-1] += "\n" * (blank + 1) + part
        blank = 0
    return lines


@lru_cache(maxsize=64)
def _starts(mark: str) -> frozenset[str]:
    return frozenset(name + mark for name in KNOWN)


def _add_inner(lines: list[str], part: str, mark: str) -> None:
    for number, piece in enumerate(part.split("\n")):
        if not lines or _begins(piece, mark, any_name=number == 0):
            lines.append(piece)
        elif number or piece:
            lines[-1] += "\n" + piece
    lines[-1] = lines[-1].rstrip("\n")


def _begins(line: str, mark: str, *, any_name: bool) -> bool:
    name = line[:3]
    if line[3:4] != mark:
        return len(line) == 3 and name in KNOWN
    return name in KNOWN or (_NAME.fullmatch(name) is not None and (any_name or name[0] == "Z"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What came in one frame or file: messages, and whether FHS/BHS stood around them.

    ``announced`` is the count in BTS-1 where one was given; another number than there are is for the caller
    to tell.
    """

    messages: tuple[bytes, ...]
    batch: bool = False
    announced: int | None = None


def open_envelope(raw: bytes) -> Envelope:
    """The messages in ``raw``, as slices of it. Bytes without a header come back as one message: ``split``
    says what is wrong with them.
    """
    body = raw if charset.find_wide(raw) else _trim(raw)
    if body[:3] not in (b"FHS", b"BHS") and body.count(b"MSH", 1) == 0:
        return Envelope(messages=(raw,))
    found = list(_BOUNDARY.finditer(body))
    starts = [each for each in found if each[1]]
    batch = any(not each[1] for each in found)
    if not batch and len(starts) < 2:
        return Envelope(messages=(raw,))
    ends = [each.start() for each in found[1:]] + [len(body)]
    messages = tuple(
        body[each.start() : end].lstrip(b" \t\x00").rstrip(b"\x0b\x1c")
        for each, end in zip(found, ends, strict=True)
        if each[1]
    )
    return Envelope(messages=messages, batch=batch, announced=_announced(body))


def _announced(body: bytes) -> int | None:
    found = re.search(rb"(?:\A|[\r\n])BTS[^\w\s](\d{1,9})", body)
    return int(found[1]) if found else None
