"""Clinicians' pages: reconciliation, prescribing, refills, and which rules annoy."""
