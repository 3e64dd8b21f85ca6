"""The FHIR edge: EHR systems call us, and we reach theirs."""
