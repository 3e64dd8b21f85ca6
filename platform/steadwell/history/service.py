"""Append-only versions with valid time and recorded time (DESIGN 6).

``steadwell.history.models.Version`` is the abstract base to inherit,
``steadwell.history.operations.AppendOnly`` the migration operation that every version table needs. Both are
public where Django needs the path.
"""

from __future__ import annotations

from steadwell.history.models import Version
from steadwell.history.operations import AppendOnly
from steadwell.history.queries import as_of

__all__ = ["AppendOnly", "Version", "as_of"]
