"""What others may ask about codes and units."""

from __future__ import annotations

from steadwell.terminology.labcodes import LabCode, ReferenceRange, lab_code, lab_codes, reference_range

__all__ = ["LabCode", "ReferenceRange", "lab_code", "lab_codes", "reference_range"]
