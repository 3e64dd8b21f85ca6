"""What a worker under test imports: its consumers stay registered."""

from __future__ import annotations

from effects import Registered

Registered().__enter__()
