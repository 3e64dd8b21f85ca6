"""Who saw or changed what: append-only, sealed, and read by the patients it is about.

``record`` goes into the caller's transaction; without its row nothing is changed and nothing is shown.
"""

from __future__ import annotations

from steadwell.audit.errors import AuditUnavailable
from steadwell.audit.recording import Entry, record, record_many

__all__ = [
    "AuditUnavailable",
    "Entry",
    "record",
    "record_many",
]
