"""fhirpy against a FHIR server: reads, searches, pages, writes, and the refusals that its users meet."""

from __future__ import annotations

import json
import os

from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

client = SyncFHIRClient(os.environ["BASE"], authorization=f"Bearer {os.environ['TOKEN']}")
found: dict[str, object] = {}
patients = client.resources("Patient")
found["by_name"] = [each["id"] for each in patients.search(name="canaryada").fetch_all()]
found["first"] = patients.search(family="Canaryada").first()["name"][0]["family"]
found["counted"] = patients.search().count()

ada = client.reference("Patient", found["by_name"][0])
pulse = client.resource(
    "Observation",
    status="final",
    category=[
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                    "code": "vital-signs",
                }
            ]
        }
    ],
    code={"coding": [{"system": "http://loinc.org", "code": "8867-4"}], "text": "Pulse"},
    subject=ada,
    effectiveDateTime="2026-05-01T08:30:00Z",
    valueQuantity={"value": 72, "unit": "/min", "system": "http://unitsofmeasure.org", "code": "/min"},
)
pulse.save()
found["made"] = pulse.id
pulse["status"] = "amended"
pulse.save()
found["version"] = pulse["meta"]["versionId"]
pulse.refresh()
found["status"] = pulse["status"]
found["subject"] = pulse["subject"].to_resource()["id"]
for number in range(5):
    client.resource("RelatedPerson", patient=ada, name=[{"family": f"Kin{number}"}]).save()
paged = client.resources("RelatedPerson").search(patient=found["by_name"][0]).limit(2)
found["over_pages"] = len(paged.fetch_all())
found["included"] = (
    sorted(
        {
            each["resourceType"]
            for each in client.resources("Observation")
            .search(_id=pulse.id)
            .include("Observation", "patient")
            .fetch_raw()
            .get_entry_resources()
        }
    )
    if hasattr(client.resources("Observation").search(_id=pulse.id).fetch_raw(), "get_entry_resources")
    else [
        e["resource"]["resourceType"]
        for e in client.resources("Observation")
        .search(_id=pulse.id)
        .include("Observation", "patient")
        .fetch_raw()["entry"]
    ]
)
made, created = (
    client.resources("Practitioner")
    .search(identifier="http://example.org/doctors|7")
    .get_or_create(
        client.resource(
            "Practitioner",
            name=[{"family": "Seven"}],
            identifier=[{"system": "http://example.org/doctors", "value": "7"}],
        )
    )
)
again, twice = (
    client.resources("Practitioner")
    .search(identifier="http://example.org/doctors|7")
    .get_or_create(client.resource("Practitioner", name=[{"family": "Seven"}]))
)
found["conditional"] = [created, twice, made["id"] == again["id"]]
try:
    pulse["status"] = "final"
    pulse.save(fields=["status"])  # a merge patch, which FHIR does not have
except OperationOutcome as error:
    found["merge_patch"] = str(error)
pulse.refresh()
bundle = client.resource(
    "Bundle",
    type="transaction",
    entry=[
        {"request": {"method": "GET", "url": f"Observation/{pulse.id}"}},
        {
            "request": {"method": "PUT", "url": f"Observation/{pulse.id}"},
            "resource": {**pulse.serialize(), "status": "corrected"},
        },
    ],
)
answer = client.execute("", method="post", data=bundle.serialize())
found["transaction"] = [each["response"]["status"] for each in answer["entry"]]
found["read_after_write"] = answer["entry"][0]["resource"]["status"]
pulse.delete()
try:
    client.resources("Observation").search(_id=pulse.id).get()
except ResourceNotFound:
    found["gone"] = True
print(json.dumps(found))
