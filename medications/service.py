"""What others may ask of this app. Nothing yet: its work comes with its first capability."""

from __future__ import annotations

__all__: list[str] = []
