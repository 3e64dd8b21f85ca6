"""What others may ask of the FHIR edge and of the HL7 listener."""

from __future__ import annotations

from fhir_facade.forms.demo import seed_forms
from fhir_facade.hl7v2.standing import Hl7Standing, hl7_standing
from fhir_facade.oauth.sandbox import seed_sandbox

__all__ = ["Hl7Standing", "hl7_standing", "seed_forms", "seed_sandbox"]
