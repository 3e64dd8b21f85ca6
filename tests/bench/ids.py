"""Made-up ids that are spread as real ones are.

Real ids begin with the millisecond they were made in. Ids that differ in their last digits only would look
alike to a GiST index, which compares them as floating-point numbers, and cost several times as much there.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

APPOINTMENT: Final = 0x0192
RECORD: Final = 0x0191
PERSON: Final = 0x0190
USER: Final = 0x0193
ROOM: Final = 0x0194
CLINICIAN: Final = 0x0195
SITE: Final = 0x0196
RAW_VISIT: Final = 0x01A0
_SPREAD: Final = 12  # bits: each about four seconds after the one before


def numbered(kind: int, number: int) -> UUID:
    """The id of the ``number``-th of its kind, below a million; its last 32 bits are the number."""
    return UUID(f"{(kind << 32) + (number << _SPREAD):012x}70008000{number:012x}")


def numbered_sql(kind: int, number: str) -> str:
    """The same in SQL, of an expression."""
    stamp = f"to_hex(({kind}::bigint << 32) + (({number})::bigint << {_SPREAD}))"
    return f"(lpad({stamp}, 12, '0') || '70008000' || lpad(to_hex(({number})::bigint), 12, '0'))::uuid"


def result_sql(report: str, key: str) -> str:
    """The id of a result, in SQL, of its report's id and its key: it begins as its report's does, the rest is
    a digest, as labs makes them (``labs.rows.result_id``).
    """
    stamp, digest = f"left(replace({report}::text, '-', ''), 12)", f"md5({key})"
    return f"({stamp} || '8' || left({digest}, 3) || '8' || substr({digest}, 4, 15))::uuid"


def number_of(identifier: UUID) -> int:
    return identifier.int & 0xFFFFFFFF
