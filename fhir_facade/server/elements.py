"""The small pieces that resources are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings

from fhir_facade.server.wire import Resource, instant

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_SYSTEMS = {"LN": LOINC, "SCT": "http://snomed.info/sct", "UCUM": UCUM}


def meta(row: Mapping[str, Any], *profiles: str, source: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"versionId": str(row["version"]), "lastUpdated": instant(row["changed_at"])}
    if source:
        made["source"] = source
    if profiles:
        made["profile"] = list(profiles)
    return made


def sid(name: str) -> str:
    """The system of identifiers: a URI as it is, or one of ours for a system that we know by a short name."""
    if "://" in name or name.startswith("urn:"):
        return name
    return f"{settings.PUBLIC_URL}/sid/{name}"


def short_name(system: str) -> str:
    """The other way round."""
    return system.removeprefix(f"{settings.PUBLIC_URL}/sid/")


def reference(kind: str, key: object, display: str = "") -> dict[str, Any]:
    made = {"reference": f"{kind}/{key}"}
    if display:
        made["display"] = display
    return made


def concept(system: str, code: str, display: str = "", text: str = "") -> dict[str, Any]:
    coding = without_empty({"system": system, "code": code, "display": display})
    return without_empty({"coding": [coding] if code else [], "text": text})


def system_of(short: str) -> str:
    """HL7 table 0396 to FHIR."""
    return _SYSTEMS.get(short, short if "://" in short or short.startswith("urn:") else "")


def without_empty(made: dict[str, Any]) -> dict[str, Any]:
    """Nothing in FHIR JSON is empty."""
    # What is true needs no comparing, and most of it is.
    return {name: value for name, value in made.items() if value or value not in (None, "", [], {})}


def absent(reason: str = "unknown") -> dict[str, Any]:
    """The primitive's companion for a value that must be there and is not known (item 84)."""
    return {"extension": [{"url": ABSENT, "valueCode": reason}]}


def at(moment: datetime | None) -> str | None:
    return instant(moment) if moment else None


def wall_day(moment: date | datetime) -> str:
    """A day by itself; of a moment, its day in UTC."""
    return (moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment).isoformat()


def resource(kind: str, key: object, made: dict[str, Any]) -> Resource:
    return {"resourceType": kind, "id": str(key), **without_empty(made)}
