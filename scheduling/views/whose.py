"""Whom a patient's page is about, as every app of patients asks it: see the portal's ``whose``."""

from __future__ import annotations

from steadwell.portal.service import FIELD, READERS, Whose, choices, reader_zone, whose

__all__ = ["FIELD", "READERS", "Whose", "choices", "reader_zone", "whose"]
