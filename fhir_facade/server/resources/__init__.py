"""One file per resource: where it comes from, how it is searched, and how it reads in FHIR."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from fhir_facade.server.registry import Definition

# A new type is its file and its name here.
FILES = (
    "patient", "related_person", "practitioner", "practitioner_role", "organization", "location",
    "healthcare_service", "schedule", "slot", "appointment", "appointment_response", "service_request",
    "specimen", "diagnostic_report", "observation", "communication", "provenance", "audit_event", "binary",
    "group", "medication", "medication_request", "medication_statement", "allergy_intolerance", "encounter",
    "questionnaire", "questionnaire_response", "subscription", "consent",
)  # fmt: skip


def definitions() -> Iterator[Definition]:
    for name in FILES:
        yield import_module(f"fhir_facade.server.resources.{name}").DEFINITION
