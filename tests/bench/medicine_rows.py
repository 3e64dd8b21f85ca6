"""Five million statements and their versions, as the bytes that COPY takes.

Rows have to be made faster than the server takes them. So it writes each kind of statement once in its own
binary format, and here only what differs from row to row is put in front: ids, patient, the source's number.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from tests.bench.tables import Connection

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
EACH = 3  # sources that speak of one medicine
_A_BLOCK = 4_000  # rows given to the server at once
_PERSON = 0xA << 60  # the first half of a patient's id; the second is the number
# Number of columns; then each column as its length and its bytes.
_STATEMENT = struct.Struct(">h i QQ i QQ i 10s")
_VERSION = struct.Struct(">h i q i QQ i QQ")


def person_id(number: int) -> UUID:
    return UUID(int=(_PERSON << 64) | number)


@dataclass(frozen=True, slots=True)
class Kinds:
    """What is the same in all rows of one drug and source, by ``drug * EACH + turn``. ``keys`` of those that
    name no one drug is None: each such statement is a line of its own.
    """

    columns: int
    rest: list[bytes]
    keys: list[bytes | None]

    @property
    def drugs(self) -> int:
        return len(self.rest) // EACH


def kinds(owner: Connection, constants: str, *, columns: int) -> Kinds:
    """Of the rows of ``bench_variant``; ``columns``: how many a whole row has."""
    query = f"COPY (SELECT {constants} FROM bench_variant v ORDER BY drug, turn) TO STDOUT (FORMAT binary)"
    with owner.cursor() as cursor, cursor.copy(query.encode()) as copy:
        content = b"".join(bytes(piece) for piece in copy)
    rows = owner.execute("SELECT key FROM bench_variant ORDER BY drug, turn").fetchall()
    keys = [None if key.startswith("S:") else _text(key.encode()) for (key,) in rows]
    return Kinds(columns, [*_rows(content)], keys)


def _rows(content: bytes) -> Iterator[bytes]:
    """Each row's columns with their lengths, without how many they are."""
    at = len(SIGNATURE)
    while content[at : at + 2] != END:
        (columns,) = struct.unpack_from(">h", content, at)
        start = at = at + 2
        for _ in range(columns):
            (size,) = struct.unpack_from(">i", content, at)
            at += 4 + max(0, size)
        yield content[start:at]


def _text(content: bytes) -> bytes:
    return struct.pack(">i", len(content)) + content


def statements(of: Kinds, *, patients: int, count: int) -> Iterator[bytes]:
    """Columns: id, person_id, external_id, those of ``of``, key."""
    pack, wide = _STATEMENT.pack, of.columns
    for block in _blocks(of, patients, count):
        yield b"".join(
            [pack(wide, 16, 0, s, 16, _PERSON, n, 10, b"B%09d" % s) + rest + (key or _own_key(s))
             for s, n, rest, key in block]
        )  # fmt: skip


def versions(of: Kinds, *, patients: int, count: int) -> Iterator[bytes]:
    """Columns: id, entity_id, person_id, those of ``of``, key."""
    pack, wide = _VERSION.pack, of.columns
    for block in _blocks(of, patients, count):
        yield b"".join(
            [pack(wide, 8, s + 1, 16, 0, s, 16, _PERSON, n) + rest + (key or _own_key(s))
             for s, n, rest, key in block]
        )  # fmt: skip


def _blocks(of: Kinds, patients: int, count: int) -> Iterator[list[tuple[int, int, bytes, bytes | None]]]:
    """Statement s is the (s / patients)th of patient s % patients; each three in a row are about one drug."""
    rest, keys, drugs = of.rest, of.keys, of.drugs
    for start in range(0, count, _A_BLOCK):
        block = []
        for s in range(start, min(count, start + _A_BLOCK)):
            k, n = divmod(s, patients)
            kind = (n * 7 + k // EACH * 31) % drugs * EACH + k % EACH
            block.append((s, n, rest[kind], keys[kind]))
        yield block


def _own_key(s: int) -> bytes:
    return _text(b"S:" + str(UUID(int=s)).encode())
