"""OBX: each result by itself, under a key that stays the same over versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.utils.translation.trans_null import gettext_noop

from fhir_facade.hl7v2.splitter import Segment
from fhir_facade.hl7v2.times import Clockwork
from fhir_facade.hl7v2.values import Value, read_known, read_values, with_refusal
from labs.service import Attachment, Coded, IncomingObservation, Status

# HL7 table 0085. W was posted for the wrong patient, D is deleted: both were never right.
RESULT_STATUS: Final = {
    "I": Status.REGISTERED, "O": Status.REGISTERED, "S": Status.PARTIAL, "P": Status.PRELIMINARY,
    "R": Status.PRELIMINARY, "F": Status.FINAL, "U": Status.FINAL, "V": Status.FINAL, "C": Status.CORRECTED,
    "A": Status.AMENDED, "B": Status.APPENDED, "X": Status.CANCELLED, "N": Status.CANCELLED,
    "D": Status.ENTERED_IN_ERROR, "W": Status.ENTERED_IN_ERROR,
}  # fmt: skip
DAMAGED = gettext_noop("Some bytes are no text in the character set of the message.")
NAMELESS = gettext_noop("It does not say what was measured (OBX-3).")
NOT_SENT_AGAIN = gettext_noop("An earlier value is called final, and was not sent again.")
UNKNOWN_STATUS = gettext_noop("Its status (OBX-11) is not one that HL7 knows.")
# What names an isolate: the results under its sub-id hang under it.
_ORGANISM: Final = frozenset(
    ["600-7", "6463-4", "634-6", "625-4", "630-4", "664-3", "11475-1", "41852-5", "635-3", "6462-6", "580-1"]
)
_LINES: Final = frozenset({"TX", "FT", "ST", ""})

Result = tuple[Segment, Sequence[str]]


def read_observations(
    results: Sequence[Result], *, clock: Clockwork, damaged: bool
) -> tuple[list[IncomingObservation], list[Attachment]]:
    """The observations of one report in their order, and the documents among them."""
    found: list[IncomingObservation] = []
    documents: list[Attachment] = []
    for segment, notes in results:
        for number, value in enumerate(read_values(segment, _kind(segment)), start=1):
            if value.attachment is not None:
                documents.append(value.attachment)
            each = _observation(segment, value, notes if number == 1 else (), clock, damaged)
            if number > 1:
                each = replace(each, key=f"{each.key}~{number}")
            if found and _continues(found[-1], each):
                found[-1] = replace(
                    found[-1], value=f"{found[-1].value}\n{each.value}", notes=(*found[-1].notes, *each.notes)
                )
            else:
                found.append(each)
    return _nested(found), documents


def key_of(code: Coded, sub_id: str) -> str:
    name = code.code or code.alternate_code or code.text or code.alternate_text
    return f"{name}|{sub_id}" if sub_id else name


def parent_of(obr: Segment) -> str:
    """OBR-26: the observation of another report that this one hangs under (a culture's isolate)."""
    raw = obr.raw(26)
    # A field that slipped by one holds a status here: a parent names its order, or is a code with parts.
    if not raw or not (obr.raw(29) or obr.marks.component in raw or obr.marks.part in raw):
        return ""
    code = Coded(code=obr.text(26, 1, 1).strip(), text=obr.text(26, 1, 2).strip())
    return key_of(code, obr.text(26, 2).strip())


def _kind(segment: Segment) -> str:
    return segment.text(2).strip().upper()


def _observation(
    segment: Segment, value: Value, notes: Sequence[str], clock: Clockwork, damaged: bool
) -> IncomingObservation:
    raw_code = segment.repeats(3)
    code = read_known(segment, raw_code[0] if raw_code else "")
    sub_id = segment.text(4).strip()
    written, told = segment.text(14).strip(), segment.text(11).strip().upper()
    status = RESULT_STATUS.get(told)
    why = _refusal(segment, value, code, told, damaged)
    return IncomingObservation(
        key=key_of(code, sub_id),
        code=code,
        value_type=_kind(segment),
        value=value.text,
        value_code=value.code,
        unit=_unit(segment),
        range_text=segment.whole(7).strip(),
        flags=tuple(flag for each in segment.repeats(8) if (flag := segment.pick(each).strip())),
        status=status,
        effective_at=clock.read(written),
        effective_text=written,
        sub_id=sub_id,
        notes=tuple(notes),
        method=(segment.text(17, 2) or segment.text(17)).strip(),
        performer=segment.text(23).strip() or (segment.text(15, 2) or segment.text(15)).strip(),
        refusal=with_refusal(value, why).refusal,
    )


def _refusal(segment: Segment, value: Value, code: Coded, told: str, damaged: bool) -> str:
    if damaged and "\ufffd" in segment.line:
        return DAMAGED
    if not (code.code or code.text or code.alternate_code or code.alternate_text):
        return NAMELESS
    if told == "U" and not value.text:
        return NOT_SENT_AGAIN
    if told and told not in RESULT_STATUS:
        return UNKNOWN_STATUS
    return ""


def _unit(segment: Segment) -> str:
    """OBX-6: the UCUM code where one of the two is, else as written."""
    if not segment.raw(6):
        return ""
    unit = read_known(segment, segment.repeats(6)[0])
    if unit.alternate_system == "UCUM" and unit.system != "UCUM" and unit.alternate_code:
        return unit.alternate_code
    return unit.code or unit.text or unit.alternate_code


def _continues(before: IncomingObservation, this: IncomingObservation) -> bool:
    """Whether both are lines of one text, sent line by line."""
    return (
        before.key == this.key
        and {before.value_type, this.value_type} <= _LINES
        and before.status == this.status
        and not (this.unit or this.range_text or this.flags or before.unit or before.range_text)
        and not (before.refusal or this.refusal or before.notes)
        and (this.value_type in {"TX", "FT"} or (_is_prose(before.value) and _is_prose(this.value)))
    )


def _is_prose(text: str) -> bool:
    """A line of words, or an empty one among them; a single word may be a result of its own."""
    return not text.strip() or " " in text.strip()


def _nested(found: list[IncomingObservation]) -> list[IncomingObservation]:
    """Results under their isolate: by a dotted sub-id, or by the sub-id that they share with an organism."""
    first: dict[str, IncomingObservation] = {}
    nested = []
    for each in found:
        above = None
        if "." in each.sub_id:
            above = first.get(each.sub_id.rpartition(".")[0])
        elif each.sub_id and (shared := first.get(each.sub_id)) and _is_organism(shared):
            above = None if _is_organism(each) else shared
        if each.sub_id:
            first.setdefault(each.sub_id, each)
        nested.append(replace(each, parent_key=above.key) if above and above.key != each.key else each)
    return nested


def _is_organism(observation: IncomingObservation) -> bool:
    code = observation.code
    text = f"{code.text} {code.alternate_text}".lower()
    return code.loinc in _ORGANISM or "organism" in text or "isolate" in text
