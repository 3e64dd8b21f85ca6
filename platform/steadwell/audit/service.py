"""Who saw or changed what: append-only, sealed, and read by the patients it is about.

``record`` goes into the caller's transaction; without its row nothing is changed and nothing is shown.
"""

from __future__ import annotations

from steadwell.audit.context import current_request_id, current_trace_id, request_context
from steadwell.audit.errors import AuditUnavailable
from steadwell.audit.recording import Entry, record, record_many

__all__ = [
    "AuditUnavailable",
    "Entry",
    "current_request_id",
    "current_trace_id",
    "record",
    "record_many",
    "request_context",
]
