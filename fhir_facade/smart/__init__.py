"""Who may call the FHIR API: clients, tokens, scopes."""
