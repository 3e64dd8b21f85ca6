"""Sealing: batches of entries become links of a gapless, signed chain that no database role can forge.

An entry's digest covers every column. A batch's head covers the batch before it, its own number and its
digests in order; an Ed25519 key that the database does not know signs the head; heads are also appended to a
file elsewhere. So an edited, deleted or reordered entry breaks a digest, a removed batch the numbering, and
a cut tail is shorter than the file (ADR 0012).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection, transaction

from steadwell.audit.models import AuditSeal

BATCH = 1000
FIRST_PREVIOUS = bytes(32)
# How long after its id was drawn an entry may still commit. Later ones are found by ``audit verify`` and by
# ``audit seal --all``.
_LATE_COMMITS = timedelta(minutes=10)
_LOCK = 7_262_846_501  # one sealer at a time, in the whole database
COLUMNS = (
    "id, at, user_id, roles, capacity, actor_name, action, category, subject_id, entity_id, reason, detail,"
    " request_id, trace_id"
)
_UNSEALED = f"""
WITH sealed AS (
    SELECT jsonb_array_elements_text(entry_ids)::bigint AS id FROM audit_auditseal WHERE number > %s
)
SELECT {COLUMNS} FROM audit_auditentry entry
WHERE id > %s AND NOT EXISTS (SELECT FROM sealed WHERE sealed.id = entry.id)
ORDER BY id LIMIT {BATCH}
"""  # noqa: S608 - constants only


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One line of the heads file: everything needed to notice a chain that was cut or replaced."""

    number: int
    entries: int  # sealed so far, this batch included
    head: str
    signature: str

    def line(self) -> str:
        return f"{self.number} {self.entries} {self.head} {self.signature}\n"


def digest_of(row: Sequence[Any]) -> bytes:
    """SHA-256 over all columns in ``COLUMNS``' order, each in one fixed spelling."""
    return hashlib.sha256(orjson.dumps([_plain(value) for value in row])).digest()


def head_of(number: int, previous: bytes, entry_ids: Sequence[int], digests: bytes) -> bytes:
    return hashlib.sha256(orjson.dumps([number, list(entry_ids)]) + previous + digests).digest()


def private_key() -> Ed25519PrivateKey:
    """The signing key, made from the secret ``AUDIT_SEAL_KEY``."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(settings.AUDIT_SEAL_KEY.encode()).digest())


def seal(*, now: datetime, everything: bool = False) -> int:
    """Seal what is not sealed yet, in batches. Answers how many entries. One sealer works at a time.

    ``everything`` looks at the whole table, for entries that committed long after their id was drawn.
    """
    sealed = 0
    while count := _seal_batch(now, everything):
        sealed += count
        if count < BATCH:
            break
    # After the commit: a head in the file must be a head in the table.
    transaction.on_commit(write_missing_heads)
    return sealed


def _seal_batch(now: datetime, everything: bool) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        last = AuditSeal.objects.order_by("-number").first()
        cursor.execute(_UNSEALED, (0, 0) if everything else _floor(now))
        rows = cursor.fetchall()
        if not rows:
            return 0
        number, previous = (last.number + 1, bytes(last.head)) if last else (1, FIRST_PREVIOUS)
        ids = [row[0] for row in rows]
        digests = b"".join(digest_of(row) for row in rows)
        head = head_of(number, previous, ids, digests)
        highest = max(ids[-1], last.highest_id if last else 0)
        AuditSeal.objects.create(
            number=number, sealed_at=now, entry_ids=ids, highest_id=highest, digests=digests,
            previous=previous, head=head, signature=private_key().sign(head),
        )  # fmt: skip
    return len(rows)


def _floor(now: datetime) -> tuple[int, int]:
    """The newest batch before which no entry can come late any more, and the highest id sealed by then."""
    old = AuditSeal.objects.filter(sealed_at__lt=now - _LATE_COMMITS).order_by("-number").first()
    return (old.number, old.highest_id) if old else (0, 0)


def write_missing_heads() -> int:
    """Append to the heads file what it lacks. Answers how many heads."""
    if not settings.AUDIT_HEADS_FILE:
        return 0
    path = Path(settings.AUDIT_HEADS_FILE)
    path.parent.mkdir(parents=True, exist_ok=True)
    known = read_heads(path)
    after, entries = (known[-1].number, known[-1].entries) if known else (0, 0)
    written = 0
    with path.open("a", encoding="ascii") as file:
        for each in AuditSeal.objects.filter(number__gt=after).order_by("number").iterator(chunk_size=100):
            entries += len(each.entry_ids)
            head, signature = bytes(each.head).hex(), bytes(each.signature).hex()
            file.write(Head(number=each.number, entries=entries, head=head, signature=signature).line())
            written += 1
    return written


def read_heads(path: Path) -> list[Head]:
    if not path.exists():
        return []
    return [_read_head(line) for line in path.read_text(encoding="ascii").splitlines() if line]


def _read_head(line: str) -> Head:
    number, entries, head, signature = line.split(" ")
    return Head(number=int(number), entries=int(entries), head=head, signature=signature)


def seals() -> Iterator[AuditSeal]:
    return AuditSeal.objects.order_by("number").iterator(chunk_size=100)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, UUID):
        return str(value)
    return value
