"""fhirclient (the SMART project's) against a FHIR server: its strict models parse whatever is answered."""

from __future__ import annotations

import json
import os

from fhirclient import client
from fhirclient.models.appointment import Appointment
from fhirclient.models.codeableconcept import CodeableConcept
from fhirclient.models.diagnosticreport import DiagnosticReport
from fhirclient.models.fhirreference import FHIRReference
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient

smart = client.FHIRClient(settings={"app_id": "peer", "api_base": os.environ["BASE"]})
smart.server.session.headers["Authorization"] = f"Bearer {os.environ['TOKEN']}"
found: dict[str, object] = {"software": smart.server.capabilityStatement.software.name}
who = Patient.where({"family": "Canaryada"}).perform_resources(smart.server)
found["names"] = [smart.human_name(each.name[0]) for each in who]
ada = Patient.read(who[0].id, smart.server)
found["born"] = ada.birthDate.isostring
results = Observation.where({"patient": ada.id, "category": "laboratory"}).perform_resources(smart.server)
found["values"] = [each.valueQuantity.value for each in results]
reports = DiagnosticReport.where({"patient": ada.id}).perform_resources(smart.server)
found["resolved"] = [each.result[0].resolved(Observation).id in {r.id for r in results} for each in reports]
visits = Appointment.where({"patient": ada.id}).perform_resources(smart.server)
found["visits"] = [each.status for each in visits]
pages = list(Observation.where({"_count": "1"}).perform_resources_iter(smart.server))
found["over_pages"] = len(pages)
pulse = Observation({
    "status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "valueQuantity": {"value": 71, "unit": "/min"},
})  # fmt: skip
pulse.subject = FHIRReference({"reference": f"Patient/{ada.id}"})
pulse.category = [CodeableConcept({"coding": [{
    "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs",
}]})]  # fmt: skip
answer = pulse.create(smart.server)
found["made"] = Observation.read(answer["id"], smart.server).valueQuantity.value
kept = Observation.read(answer["id"], smart.server)
kept.status = "amended"
found["version"] = kept.update(smart.server)["meta"]["versionId"]
print(json.dumps(found))
