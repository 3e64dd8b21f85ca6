"""What the resources of the clinic's set-up share. It has no versions: its tag is a digest of what it
says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from fhir_facade.server import wire
from fhir_facade.server.access import Access
from scheduling import service as scheduling
from steadwell.relations import Sql


def set_up(part: str) -> Callable[[Access], Sql]:
    def relation(access: Access) -> Sql:
        return scheduling.describe_setup_rows(part=part)

    return relation


def version_of(made: dict[str, Any], *profiles: str) -> dict[str, Any]:
    digest = hashlib.blake2b(wire.dump(made), digest_size=6).hexdigest()
    return {"versionId": digest, **({"profile": list(profiles)} if profiles else {})}
