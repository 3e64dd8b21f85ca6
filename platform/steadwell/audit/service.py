"""Who saw or changed what: append-only, sealed, and read by the patients it is about.

``record`` goes into the caller's transaction; without its row nothing is changed and nothing is shown.
"""

from __future__ import annotations

from steadwell.audit.errors import AuditUnavailable
from steadwell.audit.queries import (
    Access,
    ClientUse,
    Viewer,
    list_for_person,
    uses_by_clients,
    viewers_of,
)
from steadwell.audit.recording import Entry, record, record_many
from steadwell.audit.relating import describe_entry_rows
from steadwell.audit.sealing import seal
from steadwell.audit.verifying import Verdict, verify

__all__ = [
    "Access",
    "AuditUnavailable",
    "ClientUse",
    "Entry",
    "Verdict",
    "Viewer",
    "describe_entry_rows",
    "list_for_person",
    "record",
    "record_many",
    "seal",
    "uses_by_clients",
    "verify",
    "viewers_of",
]
