"""FHIR Observations as labs files them: values, ranges, members and components."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.utils.translation.trans_null import gettext_noop

from fhir_facade.fhir_json import Around, Resource, coded, mapping, mappings, moment, number, text_of
from fhir_facade.hl7v2.times import Clockwork
from labs.service import Coded, IncomingObservation, Status

NO_CODE = gettext_noop("It does not say what was measured (Observation.code).")
NO_STATUS = gettext_noop("Its status is not one that FHIR knows.")
NOT_HERE = gettext_noop("The report names an observation that did not come with it.")
UNREADABLE = gettext_noop("Its value has a form that cannot be read.")
# Observation.status; "unknown" leaves the report's to count.
_RESULT_STATUS: Final = {each.value: each for each in Status} | {"unknown": None}
_TYPES: Final = {
    "valueQuantity": "NM", "valueCodeableConcept": "CWE", "valueString": "ST", "valueBoolean": "ST",
    "valueInteger": "NM", "valueRange": "SN", "valueRatio": "SN", "valueTime": "TM", "valueDateTime": "TS",
    "valuePeriod": "DR", "valueSampledData": "NA",
}  # fmt: skip
_ABSENT: Final = {
    "not-performed": "not performed", "not-applicable": "not applicable", "temp-unknown": "pending",
    "error": "no result", "unknown": "no result", "masked": "no result", "unsupported": "no result",
}  # fmt: skip
_MOST_OBSERVATIONS: Final = 10_000


def observations(report: Resource, around: Around, clock: Clockwork) -> Iterator[IncomingObservation]:
    """The results in their order, members and components under them."""
    seen: set[int] = set()
    waiting = [(each, "", report) for each in reversed(mappings(report.get("result")))]
    while waiting and len(seen) < _MOST_OBSERVATIONS:
        reference, parent, within = waiting.pop()
        found = around.find(reference, within=within)
        if found is None:
            name = text_of(reference.get("reference")) or text_of(reference.get("display")) or "?"
            text = text_of(reference.get("display")) or name
            yield IncomingObservation(
                key=name,
                code=Coded(text=text),
                value_type="ST",
                value="",
                parent_key=parent,
                refusal=NOT_HERE,
            )
            continue
        if id(found) in seen:
            continue
        seen.add(id(found))
        own = _observation(found, clock, parent)
        yield own
        for part in mappings(found.get("component")):
            yield _component(part, own, clock)
        # What is contained in the report may be named by what it contains.
        inside = found if found.get("contained") else within
        waiting += [(each, own.key, inside) for each in reversed(mappings(found.get("hasMember")))]


def _observation(said: Resource, clock: Clockwork, parent: str) -> IncomingObservation:
    code = coded(said.get("code"))
    status = text_of(said.get("status"))
    effective = moment(said, "effective") or text_of(said.get("issued"))
    own = _valued(said, code)
    why = NO_CODE if not (code.code or code.text) else NO_STATUS if status not in _RESULT_STATUS else ""
    sub_id = text_of(said.get("id")) if not (code.code or code.text) else ""
    return IncomingObservation(
        key=code.code or code.text or sub_id or "?",
        status=_RESULT_STATUS.get(status),
        effective_at=clock.read(effective),
        effective_text=effective,
        parent_key=parent,
        notes=tuple(text for each in mappings(said.get("note")) if (text := text_of(each.get("text")))),
        method=coded(said.get("method")).text,
        performer=", ".join(
            text for each in mappings(said.get("performer")) if (text := text_of(each.get("display")))
        ),
        **own | {"refusal": own["refusal"] or why},
    )


def _component(part: Resource, above: IncomingObservation, clock: Clockwork) -> IncomingObservation:
    """Part of an observation, such as one of two pressures: under it, at its time and with its status."""
    code = coded(part.get("code"))
    own = _valued(part, code)
    name = code.code or code.text
    return IncomingObservation(
        key=f"{above.key}|{name or '?'}",
        status=above.status, effective_at=above.effective_at, effective_text=above.effective_text,
        parent_key=above.key, **own | {"refusal": own["refusal"] or ("" if name else NO_CODE)},
    )  # fmt: skip


def _valued(said: Resource, code: Coded) -> dict[str, Any]:
    """Value, unit, range and flags, for an observation and for a component alike."""
    kind = next((name for name in said if name.startswith("value") and name in _TYPES), "")
    unknown = not kind and any(name.startswith("value") for name in said)
    text, value_code, unit, refusal = "", None, "", UNREADABLE if unknown else ""
    if kind:
        text, value_code, unit, refusal = _value(kind, said[kind])
    elif absent := coded(said.get("dataAbsentReason")):
        text = _ABSENT.get(absent.code, absent.text or absent.code)
    return {
        "code": code,
        "value_type": _TYPES.get(kind, "ST" if text else ""),
        "value": text,
        "value_code": value_code,
        "unit": unit,
        "range_text": _range(said),
        "flags": tuple(
            flag
            for each in mappings(said.get("interpretation"))
            if (flag := (found := coded(each)).code or found.text)
        ),
        "refusal": refusal,
    }


def _value(kind: str, value: Any) -> tuple[str, Coded | None, str, str]:
    """Text, code, unit and why not, of one value[x]."""
    if kind == "valueCodeableConcept":
        code = coded(value)
        return code.text or code.code, code, "", ""
    if kind == "valueBoolean":
        return ("yes" if value is True else "no"), None, "", ""
    if kind == "valueQuantity":
        digits, sign = number(mapping(value).get("value")), text_of(mapping(value).get("comparator"))
        return sign + digits, None, _unit(value), "" if digits else UNREADABLE
    if kind == "valueRange":
        low, high = (mapping(mapping(value).get(end)) for end in ("low", "high"))
        text = "^".join(["", number(low.get("value")), "-", number(high.get("value"))])
        if not high:
            text = f">=^{number(low.get('value'))}"
        elif not low:
            text = f"<=^{number(high.get('value'))}"
        return text, None, _unit(low) or _unit(high), ""
    if kind == "valueRatio":
        top, bottom = (mapping(mapping(value).get(part)) for part in ("numerator", "denominator"))
        sign = ":" if number(top.get("value")) == "1" else "/"
        numbers = "^".join(
            [text_of(top.get("comparator")), number(top.get("value")), sign, number(bottom.get("value"))]
        )
        return numbers, None, _unit(top), ""
    if kind == "valuePeriod":
        return (
            " – ".join(filter(None, (text_of(mapping(value).get(end)) for end in ("start", "end")))),
            None,
            "",
            "",
        )
    if kind == "valueSampledData":
        return text_of(mapping(value).get("data")), None, "", ""
    return number(value) or text_of(value), None, "", ""


def _unit(quantity: Any) -> str:
    said = mapping(quantity)
    code, name = text_of(said.get("code")), text_of(said.get("unit"))
    return code if code and said.get("system") == "http://unitsofmeasure.org" else name or code


def _range(said: Resource) -> str:
    """The first range that is meant as the reference, in the form that a laboratory prints."""
    for each in mappings(said.get("referenceRange")):
        kind = coded(each.get("type")).code
        if kind not in {"", "normal"}:
            continue
        low, high = mapping(each.get("low")), mapping(each.get("high"))
        ends = [number(low.get("value")), number(high.get("value"))]
        if all(ends):
            return "-".join(ends)
        if any(ends):
            return f">={ends[0]}" if ends[0] else f"<={ends[1]}"
        return text_of(each.get("text"))
    return ""
