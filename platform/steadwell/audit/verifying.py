"""Whether the trail is what was sealed: names the first row that is not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.db import connection

from steadwell.audit import sealing
from steadwell.audit.models import AuditSeal


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``fault`` is empty when all is well, else a code; ``batch`` and ``entry_id`` name the first place.

    Codes: ``entry-changed``, ``entry-missing``, ``batch-missing``, ``batch-changed``, ``signature-wrong``,
    ``tail-cut``, ``heads-differ``. ``unsealed`` counts entries that no batch holds yet.
    """

    entries: int
    batches: int
    unsealed: int
    fault: str = ""
    batch: int | None = None
    entry_id: int | None = None

    @property
    def intact(self) -> bool:
        return not self.fault


class _Fault(Exception):
    def __init__(self, code: str, *, batch: int, entry_id: int | None = None) -> None:
        self.code, self.batch, self.entry_id = code, batch, entry_id
        super().__init__(code)


def verify() -> Verdict:
    """Recompute every digest, head and signature, and compare with the heads kept elsewhere."""
    entries = batches = 0
    previous = sealing.FIRST_PREVIOUS
    heads: list[str] = []
    try:
        for seal in sealing.seals():
            _check_batch(seal, expected=batches + 1, previous=previous)
            previous = bytes(seal.head)
            heads.append(previous.hex())
            batches += 1
            entries += len(seal.entry_ids)
        _check_heads(heads)
    except _Fault as fault:
        return Verdict(
            entries=entries, batches=batches, unsealed=0, fault=fault.code, batch=fault.batch,
            entry_id=fault.entry_id,
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_auditentry")
        total = int(cursor.fetchone()[0])
    return Verdict(entries=entries, batches=batches, unsealed=total - entries)


def _check_batch(seal: AuditSeal, *, expected: int, previous: bytes) -> None:
    if seal.number != expected:
        raise _Fault("batch-missing", batch=expected)
    ids, digests = list(seal.entry_ids), bytes(seal.digests)
    if bytes(seal.previous) != previous or len(digests) != 32 * len(ids):
        raise _Fault("batch-changed", batch=seal.number)
    if sealing.head_of(seal.number, previous, ids, digests) != bytes(seal.head):
        raise _Fault("batch-changed", batch=seal.number)
    try:
        sealing.private_key().public_key().verify(bytes(seal.signature), bytes(seal.head))
    except InvalidSignature:
        raise _Fault("signature-wrong", batch=seal.number) from None
    _check_entries(seal.number, ids, digests)


def _check_entries(number: int, ids: list[int], digests: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {sealing.COLUMNS} FROM audit_auditentry WHERE id = ANY(%s)",  # noqa: S608 - constant
            [ids],
        )
        rows = {row[0]: row for row in cursor.fetchall()}
    for place, entry_id in enumerate(ids):
        row = rows.get(entry_id)
        if row is None:
            raise _Fault("entry-missing", batch=number, entry_id=entry_id)
        if sealing.digest_of(row) != digests[32 * place : 32 * place + 32]:
            raise _Fault("entry-changed", batch=number, entry_id=entry_id)


def _check_heads(heads: list[str]) -> None:
    if not settings.AUDIT_HEADS_FILE:
        return
    for each in sealing.read_heads(Path(settings.AUDIT_HEADS_FILE)):
        if each.number > len(heads):
            raise _Fault("tail-cut", batch=each.number)
        if heads[each.number - 1] != each.head:
            raise _Fault("heads-differ", batch=each.number)
