"""Observation: results of labs, and what other systems observed (US Core Laboratory Result)."""

from __future__ import annotations

from typing import Any

import orjson

from fhir_facade.server import lab_results, validation
from fhir_facade.server.access import Access
from fhir_facade.server.elements import (
    LOINC,
    UCUM,
    US_CORE,
    at,
    concept,
    meta,
    reference,
    resource,
    system_of,
    without_empty,
)
from fhir_facade.server.kept import documents
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.wire import Digits, Resource
from labs import service as labs
from steadwell.relations import Sql

PROFILE = f"{US_CORE}us-core-observation-lab"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
ABSENT_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
STATUS = {"partial": "preliminary", "appended": "amended"}
STATUS_SQL = (
    "CASE t.status WHEN 'partial' THEN 'preliminary' WHEN 'appended' THEN 'amended' ELSE t.status END"
)
_ABSENT = {
    "not-performed": "not-performed",
    "pending": "temp-unknown",
    "cancelled": "not-performed",
    "not-applicable": "not-applicable",
    "insufficient": "error",
    "unsuitable": "error",
    "missing": "error",
}
_LOCAL = (
    "CASE t.code_system WHEN 'LN' THEN 'http://loinc.org' WHEN 'SCT' THEN 'http://snomed.info/sct'"
    " WHEN 'UCUM' THEN 'http://unitsofmeasure.org'"
    " ELSE CASE WHEN t.code_system LIKE '%%://%%' OR t.code_system LIKE 'urn:%%' THEN t.code_system"
    " ELSE '' END END"
)

SUBJECT = Column(exprs={"type": "'Patient'", "id": "t.person_id"}, person=True)
# What a client sent says so in its document; of what a feed said its sender is the source.
SOURCE = Column(
    exprs={
        "exact": f"CASE WHEN t.sender NOT LIKE '{lab_results.ALONE}%%'"  # noqa: S608 - a constant
        " THEN 'urn:steadwell:source:' || t.sender"
        " ELSE (SELECT b.body::jsonb -> 'meta' ->> 'source' FROM fhir_facade_document b"
        " WHERE b.id = t.id AND b.beside) END"
    }
)
COLUMNS = {
    "patient": (SUBJECT,),
    "subject": (SUBJECT,),
    "category": (Column(exprs={"system": f"'{CATEGORY}'", "code": "'laboratory'", "text": "'laboratory'"}),),
    "code": (
        Column(exprs={"system": f"'{LOINC}'", "code": "nullif(t.loinc, '')", "text": "t.name"}),
        Column(exprs={"system": _LOCAL, "code": "nullif(t.code, '')", "text": "t.name"}),
    ),
    "date": (Column(exprs={"at": "t.observed_at"}),),
    "status": (Column(exprs={"system": "'http://hl7.org/fhir/observation-status'", "code": STATUS_SQL}),),
    "value-quantity": (Column(exprs={"number": "t.quantity", "unit": "t.unit"}),),
    "value-string": (
        Column(exprs={"folded": "lower(t.value_text)", "exact": "t.value_text"}, fold=str.casefold),
    ),
    "_profile": (Column(exprs={"exact": f"'{PROFILE}'"}),),
    "_source": (SOURCE,),
}


def build(row: Row, access: Access) -> Resource:
    return resource(
        "Observation",
        row["id"],
        {
            "meta": meta(row, PROFILE, source=lab_results.source_of(row["sender"])),
            "status": STATUS.get(row["status"], row["status"]),
            "category": [concept(CATEGORY, "laboratory", "Laboratory")],
            "code": _code(row),
            "subject": reference("Patient", row["person_id"]),
            "effectiveDateTime": _effective(row),
            "issued": at(row["issued_at"] or row["changed_at"]),
            "performer": [{"display": text}] if (text := row["performer"] or row["laboratory"]) else [],
            **value(row),
            "interpretation": _interpretation(row),
            "note": [{"text": each} for each in _list(row["notes"])],
            "method": {"text": row["method"]} if row["method"] else None,
            "specimen": {"display": row["specimen"]} if row["specimen"] else None,
            "referenceRange": _range(row),
        },
    )


def _code(row: Row) -> dict[str, Any]:
    codings = [{"system": LOINC, "code": row["loinc"]}] if row["loinc"] else []
    system = system_of(row["code_system"])
    if row["code"] and (system, row["code"]) != (LOINC, row["loinc"]):
        codings.append(without_empty({"system": system, "code": row["code"]}))
    return without_empty({"coding": codings, "text": row["name"]})


def _effective(row: Row) -> str | None:
    """As it was written, offset and precision included, where that is a dateTime of FHIR."""
    if validation.FORMS["dateTime"].fullmatch(row["effective_text"]):
        return str(row["effective_text"])
    return at(row["observed_at"])


def value(row: Row) -> dict[str, Any]:
    """The value[x], or why there is none."""
    kind, text = row["kind"], row["value_text"]
    unsure = row["unit_reason"] or row["problem"]
    if kind == "absent":
        code = _ABSENT.get(row["absent_reason"], "unknown")
        return {"dataAbsentReason": concept(ABSENT_REASON, code, text=text or row["absent_reason"])}
    if kind == "number" and row["number"] and not unsure:
        return {"valueQuantity": _quantity(row["number"], row["unit"], row["unit_text"], row["comparator"])}
    if kind == "range" and not unsure:
        ends = {n: _quantity(row[n], row["unit"], row["unit_text"]) for n in ("low", "high") if row[n]}
        return {"valueRange": ends} if ends else {"valueString": text}
    if kind in {"ratio", "titre"} and row["low"] and row["high"] and not unsure:
        return {
            "valueRatio": {
                "numerator": {"value": Digits(row["low"])},
                "denominator": {"value": Digits(row["high"])},
            }
        }
    if kind == "coded":
        return {
            "valueCodeableConcept": concept(system_of(row["value_code_system"]), row["value_code"], text=text)
        }
    if text:
        unit = f" {row['unit_text']}" if unsure and row["unit_text"] else ""
        return {"valueString": f"{text}{unit}"}
    return {"dataAbsentReason": concept(ABSENT_REASON, "unknown")}


def _quantity(number: str, unit: str, unit_text: str, comparator: str = "") -> dict[str, Any]:
    return without_empty(
        {
            "value": Digits(number),
            "comparator": comparator,
            "unit": unit_text or unit or "1",
            "system": UCUM,
            "code": unit or "1",
        }
    )


def _interpretation(row: Row) -> list[dict[str, Any]]:
    if not row["flag"]:
        return []
    if row["flag"] == "other":
        return [{"text": row["flag_sent"] or "other"}]
    return [concept(INTERPRETATION, row["flag"])]


def _range(row: Row) -> list[dict[str, Any]]:
    made: dict[str, Any] = {}
    for name in ("low", "high"):
        if row[f"range_{name}"]:
            made[name] = _quantity(row[f"range_{name}"], row["unit"], "")
    if row["range_text"]:
        made["text"] = row["range_text"]
    elif row["range_is_ours"] and made:
        made["text"] = "Usual range; the laboratory sent none."
    return [made] if made else []


def _list(said: Any) -> list[str]:
    found: list[str] = orjson.loads(said) if isinstance(said, str) else said
    return found


def _relation(access: Access) -> Sql:
    return labs.describe_result_rows(actor=access.actor, now=access.now)


PARAMS = (
    Param(
        name="patient", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",), url="clinical-patient"
    ),
    Param(name="subject", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient", "Location")),
    Param(name="category", kind=Kind.TOKEN, paths=("category",)),
    Param(name="code", kind=Kind.TOKEN, paths=("code",), url="clinical-code"),
    Param(name="date", kind=Kind.DATE, paths=("effective[x]",), url="clinical-date"),
    Param(name="status", kind=Kind.TOKEN, paths=("status",)),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",), url="clinical-identifier"),
    Param(name="value-quantity", kind=Kind.QUANTITY, paths=("valueQuantity",)),
    Param(name="value-string", kind=Kind.STRING, paths=("valueString", "valueCodeableConcept.text")),
    Param(name="value-concept", kind=Kind.TOKEN, paths=("valueCodeableConcept",)),
    Param(
        name="performer",
        kind=Kind.REFERENCE,
        paths=("performer",),
        targets=("Practitioner", "PractitionerRole", "Organization", "Patient", "RelatedPerson"),
    ),
    Param(name="specimen", kind=Kind.REFERENCE, paths=("specimen",), targets=("Specimen",)),
    Param(name="based-on", kind=Kind.REFERENCE, paths=("basedOn",), targets=("ServiceRequest",)),
    Param(name="has-member", kind=Kind.REFERENCE, paths=("hasMember",), targets=("Observation",)),
)
LABS = Origin(
    name="labs",
    relation=_relation,
    columns=COLUMNS,
    build=build,
    person="t.person_id",
    beside=True,
    versions=lab_results.versions,
)
DEFINITION = Definition(
    type="Observation",
    origins=(LABS, documents("Observation", PARAMS)),
    params=PARAMS,
    profiles=(PROFILE,),
    interactions=frozenset(
        {"read", "vread", "history-instance", "search-type", "create", "update", "patch", "delete"}
    ),
    compartment=("patient",),
    rev_includes=("Provenance:target",),
    writer=lab_results.WRITER,
)
