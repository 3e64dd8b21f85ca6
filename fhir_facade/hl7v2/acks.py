"""Acknowledgements (HL7 2.8, chapter 2.9): what was decided, in the marks of the sender's message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.utils.translation import override

from fhir_facade.hl7v2.errors import REASONS
from fhir_facade.hl7v2.marks import STANDARD
from fhir_facade.hl7v2.splitter import Segment
from steadwell.ids import new_id


class Verdict(StrEnum):
    """The last letter of the acknowledgement code."""

    ACCEPTED = "A"  # stored, and worked on
    ASIDE = "E"  # stored, and waits for a person
    REFUSED = "R"  # not stored


# Reason -> HL7 table 0357, and the field it is about (segment, field), where there is one.
_CONDITIONS: Final = {
    "empty": ("100", "Segment sequence error", ""),
    "too-large": ("207", "Application internal error", ""),
    "too-many-segments": ("207", "Application internal error", ""),
    "no-header": ("100", "Segment sequence error", "MSH^1"),
    "separators": ("102", "Data type error", "MSH^1^2"),
    "no-type": ("101", "Required field missing", "MSH^1^9"),
    "no-control-id": ("101", "Required field missing", "MSH^1^10"),
    "control-id-too-long": ("102", "Data type error", "MSH^1^10"),
    "control-id-reused": ("205", "Duplicate key identifier", "MSH^1^10"),
    "type-not-allowed": ("200", "Unsupported message type", "MSH^1^9"),
    "not-handled": ("200", "Unsupported message type", "MSH^1^9"),
    "processing-not-allowed": ("202", "Unsupported processing id", "MSH^1^11"),
    "application-not-allowed": ("207", "Application internal error", "MSH^1^3"),
    "not-storable": ("207", "Application internal error", ""),
}
_ELSE: Final = ("207", "Application internal error", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered to one message. ``header`` is its MSH, or None where none could be read."""

    header: Segment | None
    verdict: Verdict
    reason: str = ""


def replies(answer: Answer, *, now: datetime) -> list[bytes]:
    """The acknowledgements that the sender asked for: none, one, or in enhanced mode both kinds."""
    return [_write(answer, code, now) for code in _codes(answer)]


def _codes(answer: Answer) -> list[str]:
    letter = answer.verdict.value
    accept = answer.header.text(15).strip().upper() if answer.header else ""
    application = answer.header.text(16).strip().upper() if answer.header else ""
    if not accept and not application:
        return [f"A{letter}"]  # original mode
    codes = []
    good = answer.verdict is Verdict.ACCEPTED
    if _wanted(accept, good):
        codes.append(f"C{letter}")
    # What was not accepted gets no second answer, unless the first one was not asked for.
    if (good or not codes) and _wanted(application, good):
        codes.append(f"A{letter}")
    return codes


def _wanted(condition: str, good: bool) -> bool:
    return condition == "AL" or condition == ("SU" if good else "ER")


def _write(answer: Answer, code: str, now: datetime) -> bytes:
    segment = answer.header
    marks = segment.marks if segment else STANDARD
    joint, version = marks.field, "2.5.1"
    if segment:
        version = segment.text(12) or version
    who = [segment.raw(5), segment.raw(6), segment.raw(3), segment.raw(4)] if segment else ["", "", "", ""]
    trigger = segment.text(9, 2) if segment else ""
    kind = marks.component.join(["ACK", trigger, "ACK"] if trigger and version >= "2.3.1" else ["ACK"])
    written = "".join([marks.component, marks.repeat, marks.escape, marks.part, marks.truncation])
    who[0] = who[0] or settings.MLLP_APPLICATION
    stamp = now.strftime("%Y%m%d%H%M%S.%f")[:18] + "+0000"
    processing = (segment.raw(11) if segment else "") or "P"
    charset = segment.raw(18) if segment else ""
    lines = [
        ["MSH", written, *who, stamp, "", kind, new_id().hex[:20], processing, version, *[""] * 5, charset],
        ["MSA", code, segment.raw(10) if segment else ""],
    ]
    if answer.reason:
        with override("en"):
            said = str(REASONS.get(answer.reason, answer.reason))
        if version < "2.7":
            lines[1].append(_safe(said, marks.field))
        lines.append(_error(answer.reason, said, version, marks.component, marks.part))
    text = "\r".join(
        joint.join(line).rstrip(joint) if line[0] != "MSH" else joint.join(line) for line in lines
    )
    return (text + "\r").encode(segment.codec if segment else "ascii", "replace")


def _error(reason: str, said: str, version: str, component: str, part: str) -> list[str]:
    number, name, place = _CONDITIONS.get(reason, _ELSE)
    coded = [number, name, "HL70357"]
    if version < "2.5":
        return ["ERR", component.join([*[*place.split("^"), "", ""][:3], part.join(coded)])]
    return ["ERR", "", place.replace("^", component), component.join(coded), "E", "", "", "", said]


def _safe(text: str, mark: str) -> str:
    return text.replace(mark, " ")
