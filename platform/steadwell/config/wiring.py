"""Binds the ports that apps declare to what implements them. Nothing needs a port yet."""

from __future__ import annotations


def bind() -> None:
    """Called once when the composition root is ready."""
