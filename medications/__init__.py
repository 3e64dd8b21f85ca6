"""Medication lists, reconciliation, safety checks and refills."""
