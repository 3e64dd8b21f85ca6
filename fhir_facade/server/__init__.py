"""The FHIR API that EHR systems call (DESIGN 8)."""
