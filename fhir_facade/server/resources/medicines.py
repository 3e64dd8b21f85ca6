"""What statements of medications have in common as FHIR: the drug, the dosage, its columns and versions.

A drug is shown in the words of its source with RxNorm's code beside them; amounts in the digits they were
written in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from fhir_facade.server.access import Access
from fhir_facade.server.elements import RXNORM, UCUM, reference, sid, without_empty
from fhir_facade.server.kept import beside_too, with_said
from fhir_facade.server.registry import Column, Definition, Kind, Origin, Param, Row
from fhir_facade.server.resources.kept_only import ALL
from fhir_facade.server.search import running
from fhir_facade.server.wire import Digits, Resource
from fhir_facade.server.writers import Writer
from medications import service as medications
from steadwell.relations import Sql

OWN = "steadwell"  # the system of what is written in this clinic
SENDER = "fhir:"  # and of what comes over the API, with the client's id
SUBJECT = Column(exprs={"type": "'Patient'", "id": "t.person_id"}, person=True)
_FED = f"{{0}}.system <> '{OWN}' AND {{0}}.system NOT LIKE '{SENDER}%%'"
# One subquery, not two conditions with OR between them, which no index would serve.
_IDENTIFIERS = """t.id IN (SELECT i.document_id FROM (
  SELECT v.document_id, v.system, v.code, v.folded FROM fhir_facade_searchvalue v
  WHERE v.type = '{kind}' AND v.param = 'identifier'
  UNION ALL
  SELECT n.id, ('{prefix}' || n.system) COLLATE "C", n.external_id COLLATE "C", '' COLLATE "C"
  FROM ({numbers}) n WHERE {fed}) i WHERE ({{}}))"""
SOURCE = Column(exprs={"exact": f"CASE WHEN {_FED.format('t')} THEN 'urn:steadwell:source:' || t.system END"})
# UCUM has no tablets: what is counted is an annotation.
_UNITS = {"mg": "mg", "ug": "ug", "g": "g", "mL": "mL"}
_TIMES = {"0.5": (1, 2, "d"), "0.1429": (1, 1, "wk")}
_AMOUNT = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)\s*(\S.*)?")


def identifier(kind: str, numbers: Sql) -> Column:
    """What a feed calls it, and the identifiers that a client wrote."""
    within = _IDENTIFIERS.format(
        kind=kind, prefix=sid("medication/"), numbers=numbers.text, fed=_FED.format("n")
    )
    exprs = {"system": "i.system", "code": "i.code", "text": "i.folded", "param": "identifier"}
    return Column(exprs=exprs, within=within)


def coded(words: str) -> tuple[Column, Column]:
    """RxNorm's code, as it was read and as it was sent. ``words`` is the column of what was said."""
    text = f"t.{words}"
    return (
        Column(exprs={"text": text, "system": f"'{RXNORM}'", "code": "nullif(t.rxcui, '')"}),
        Column(exprs={"text": text, "system": f"'{RXNORM}'", "code": "nullif(t.code_sent, '')"}),
    )


def drug(row: Row, words: str, name: str) -> dict[str, Any]:
    codings = []
    if row["rxcui"]:
        codings.append(without_empty({"system": RXNORM, "code": row["rxcui"], "display": row[name]}))
    if row["code_sent"] and row["code_sent"] != row["rxcui"]:
        codings.append({"system": RXNORM, "code": row["code_sent"]})
    return without_empty({"coding": codings, "text": row[words]})


def identifiers(row: Row) -> list[dict[str, Any]]:
    if not is_fed(row):
        return []
    return [{"system": sid(f"medication/{row['system']}"), "value": row["external_id"]}]


def is_fed(row: Row) -> bool:
    return row["system"] != OWN and not row["system"].startswith(SENDER)


def source(row: Row) -> str:
    return f"urn:steadwell:source:{row['system']}" if is_fed(row) else ""


def dosage(row: Row) -> dict[str, Any]:
    """As written, and in numbers as far as it was understood."""
    return without_empty(
        {
            "text": row["dosage_text"],
            "timing": _timing(row["per_day"]),
            "asNeededBoolean": True if row["as_needed"] else None,
            "doseAndRate": _dose(row),
        }
    )


def _timing(per_day: str) -> dict[str, Any]:
    frequency, period, unit = _TIMES.get(per_day, (0, 1, "d"))
    if not frequency:
        number = Decimal(per_day or 0)
        if number < 1 or number != number.to_integral_value():
            return {}
        frequency = int(number)
    return {"repeat": {"frequency": frequency, "period": period, "periodUnit": unit}}


def _dose(row: Row) -> list[dict[str, Any]]:
    low, high, unit = row["amount_low"], row["amount_high"], row["amount_unit"]
    if not low:
        return []
    if high and high != low:
        return [{"doseRange": {"low": _amount(low, unit), "high": _amount(high, unit)}}]
    return [{"doseQuantity": _amount(low, unit)}]


def _amount(digits: str, unit: str) -> dict[str, Any]:
    code = _UNITS.get(unit, f"{{{unit}}}")
    return {"value": _plain(digits), "unit": unit, "system": UCUM, "code": code}


def _plain(digits: str) -> Digits:
    return Digits(f"{Decimal(digits):f}")


def quantity(text: str) -> dict[str, Any]:
    """What was written to be handed out, where it begins with a number."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        return {}
    return _amount(found[1], found[2]) if found[2] else {"value": Digits(found[1])}


def practitioner(key: UUID | None, name: str) -> dict[str, Any]:
    if key is not None:
        return reference("Practitioner", key, name)
    return {"display": name} if name else {}


def relation(*kinds: medications.StatementKind) -> Callable[[Access], Sql]:
    def rows(access: Access) -> Sql:
        return with_said(medications.describe_statement_rows(actor=access.actor, kinds=kinds))

    return rows


def version_relation(*kinds: medications.StatementKind) -> Callable[[Access], Sql]:
    def rows(access: Access) -> Sql:
        return medications.describe_statement_version_rows(actor=access.actor, kinds=kinds)

    return rows


def versions(
    make: Callable[[Access], Sql], build: Callable[[Row, Access], Resource]
) -> Callable[[Access, str], list[tuple[int, datetime, Resource]]]:
    """Every version, newest first, as it read then: what was said last of all that had come."""

    def told(access: Access, key: str) -> list[tuple[int, datetime, Resource]]:
        rows = running.fetch_dicts(
            Sql("SELECT t.* FROM (")
            + make(access)
            + Sql(") t WHERE t.id = %s ORDER BY t.version", (UUID(key),))
        )
        made, counts = [], None
        for row in rows:
            if counts is None or row["said_at"] >= counts["said_at"]:
                counts = row
            shown = {**counts, "version": row["version"], "changed_at": row["changed_at"]}
            made.append((row["version"], row["changed_at"], build(shown, access)))
        return list(reversed(made))

    return told


def of_code(table: Mapping[str, str], otherwise: str, column: str = "t.status") -> str:
    """A table of ours as SQL."""
    cases = " ".join(f"WHEN '{one}' THEN '{other}'" for one, other in table.items())
    return f"CASE {column} {cases} ELSE {otherwise} END"


WHO = ("Practitioner", "PractitionerRole", "Organization", "Patient", "RelatedPerson")


def params(*more: Param) -> tuple[Param, ...]:
    """Those that requests and statements share, then their own."""
    return (
        Param(name="patient", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",),
              url="clinical-patient"),
        Param(name="subject", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",)),
        Param(name="status", kind=Kind.TOKEN, url="medications-status"),
        Param(name="code", kind=Kind.TOKEN, paths=("medicationCodeableConcept",), url="clinical-code"),
        Param(name="medication", kind=Kind.REFERENCE, paths=("medicationReference",), targets=("Medication",),
              url="medications-medication"),
        Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",), url="clinical-identifier"),
        Param(name="category", kind=Kind.TOKEN, paths=("category",)),
        *more,
    )  # fmt: skip


def only_codes(codes: Iterable[str]) -> str:
    return ", ".join(f"'{each}'" for each in codes)


def owned(
    kind: str, params: tuple[Param, ...], columns: Mapping[str, tuple[Column, ...]], *,
    rows: Callable[[Access], Sql], version_rows: Callable[[Access], Sql],
    build: Callable[[Row, Access], Resource], writer: Writer, profile: str = "",
) -> Definition:  # fmt: skip
    """A type whose rows are medications', each with what a client said of it beside. Nothing is deleted: it
    was entered in error.
    """
    return Definition(
        type=kind,
        origins=(
            Origin(
                name="medications", relation=rows, columns=beside_too(kind, params, columns), build=build,
                person="t.person_id", beside=True, versions=versions(version_rows, build),
            ),
        ),
        params=params,
        profiles=(profile,) if profile else (),
        interactions=ALL - {"delete"},
        compartment=("patient",),
        rev_includes=("Provenance:target",),
        writer=writer,
    )  # fmt: skip
