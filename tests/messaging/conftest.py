from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "scheduling"))  # small_clinic
sys.path.insert(0, str(Path(__file__).parents[1] / "races"))  # racing
