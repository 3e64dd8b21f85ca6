from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
# `from standing import …`, and the FHIR tests' house, clinic and apps.
sys.path[:0] = [str(TESTS / each) for each in ("peers", "fhir", "scheduling", "oauth")]
