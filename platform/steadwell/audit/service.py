"""Who saw or changed what: append-only, sealed, and read by the patients it is about.

``record`` goes into the caller's transaction; without its row nothing is changed and nothing is shown.
"""

from __future__ import annotations

from steadwell.audit.errors import AuditUnavailable
from steadwell.audit.queries import Access, Viewer, list_for_person, viewers_of
from steadwell.audit.recording import Entry, record, record_many
from steadwell.audit.relating import describe_entry_rows
from steadwell.audit.sealing import seal
from steadwell.audit.verifying import Verdict, verify

__all__ = [
    "Access",
    "AuditUnavailable",
    "Entry",
    "Verdict",
    "Viewer",
    "describe_entry_rows",
    "list_for_person",
    "record",
    "record_many",
    "seal",
    "verify",
    "viewers_of",
]
