"""Notifications in the Django admin: it reads, notes who looked, and changes through services."""

from __future__ import annotations

from notifications.admin import deciding, sending

__all__ = ["deciding", "sending"]
