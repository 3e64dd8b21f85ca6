"""The bench's database of medicines: 600,000 patients with 5 million statements, filled once, kept, and
copied for each run.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg

from medications import lines, reading
from medications.types import IncomingStatement, Source, StatementKind
from tests.bench import cpu, limits, medicine_rows, medicine_truth
from tests.bench.figures import say
from tests.bench.medicine_rows import END, SIGNATURE
from tests.bench.tables import Connection, unhindered

ROOT = Path(__file__).resolve().parents[2]
KEPT = os.environ.get("BENCH_DATABASES", "bench") + "med"  # on somebody's server the names say whose they are
RUN = f"{KEPT}_run"
SITE = UUID(int=0x51 << 64)
_SPELT = ("{}", "{} ", " {}")  # as three systems write it; what they mean is the same
_SAID = (*lines.SAID,)


def ready(*, patients: int, statements: int) -> str:
    """Make the run's own database, and use it. Answers what was done, for the notes."""
    owner, began = os.environ["DATABASE_OWNER_URL"], time.monotonic()
    kept = f"{KEPT}_{_digest(patients, statements)}"
    source = urlsplit(owner).path.lstrip("/")
    with psycopg.connect(_named(owner, "postgres"), autocommit=True) as cluster:
        done = "kept"
        if cluster.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [kept]
        ).fetchone() != ("filled",):
            for (name,) in cluster.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [KEPT]
            ).fetchall():
                cluster.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            cluster.execute(f'CREATE DATABASE "{kept}" TEMPLATE "{source}" STRATEGY file_copy')
            _fill(_named(owner, kept), patients=patients, statements=statements)
            cluster.execute(f"COMMENT ON DATABASE \"{kept}\" IS 'filled'")
            done = f"filled in {time.monotonic() - began:.0f} s"
        cluster.execute(f'DROP DATABASE IF EXISTS "{RUN}" WITH (FORCE)')
        cluster.execute(f'CREATE DATABASE "{RUN}" TEMPLATE "{kept}" STRATEGY file_copy')
    os.environ["DATABASE_OWNER_URL"] = _named(owner, RUN)
    os.environ["DATABASE_URL"] = _named(os.environ["DATABASE_URL"], RUN)
    return f"{patients:,} patients, {statements:,} statements: {done}, copied for this run"


def _named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _digest(patients: int, statements: int) -> str:
    digest = hashlib.sha256(f"{patients} {statements}".encode())
    sources = (Path(__file__), Path(medicine_rows.__file__))
    for file in [*sorted(ROOT.glob("medications/migrations/*.py")), *sources]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _fill(url: str, *, patients: int, statements: int) -> None:
    """Statements and their versions side by side, one core each; indexes are made when the rows are there."""
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("SET synchronous_commit = off")
        with _told(owner, "patients"), unhindered(owner, ("identity_person", "medications_chart")):
            owner.execute(_PEOPLE.encode(), {"patients": patients})
            owner.execute(_CHARTS.encode(), {"patients": patients})
        _variants(owner)
        tables = tuple(each.table for each in _BIG)
        with _told(owner, "with indexes"), unhindered(owner, tables), _told(owner, "statements and versions"):
            _fill_both(url, patients=patients, statements=statements)
        with _told(owner, "statistics"):
            owner.execute("SELECT setval('medications_statementversion_id_seq', %s)", [statements])
            owner.execute("DROP TABLE bench_variant")
            owner.execute("VACUUM (ANALYZE)")


@contextmanager
def _told(owner: Connection, what: str) -> Iterator[None]:
    """How long it took, and how much of it Postgres worked: the rest was waiting, or others' work."""
    postgres = cpu.parent(owner.info.backend_pid)
    began, spent = time.monotonic(), cpu.seconds(postgres)
    yield
    say(f"{what}: {time.monotonic() - began:.0f} s, {cpu.seconds(postgres) - spent:.1f} s of CPU in Postgres")


def _fill_both(url: str, *, patients: int, statements: int) -> None:
    wires = [psycopg.connect(url, autocommit=True) for _ in _BIG]
    with ThreadPoolExecutor(len(_BIG)) as pool:
        done = [
            pool.submit(_copy, wire, each, patients, statements)
            for wire, each in zip(wires, _BIG, strict=True)
        ]
        try:
            for each in done:
                each.result()
        except limits.OutOfTime:
            for wire in wires:
                wire.cancel()
            raise


def _copy(owner: Connection, big: Big, patients: int, statements: int) -> None:
    """Into a table emptied in the same transaction, so that its rows are frozen as they come: nothing has to
    read and write them once more.
    """
    names = (*big.varying, *big.constants, "key")
    into = f"COPY {big.table} ({', '.join(names)}) FROM STDIN (FORMAT binary, FREEZE)"
    with owner:
        owner.execute("SET session_replication_role = replica")  # no trigger, no foreign key: our own rows
        of = medicine_rows.kinds(owner, ", ".join(big.constants.values()), columns=len(names))
        with owner.transaction(), owner.cursor() as cursor:
            cursor.execute(f"TRUNCATE {big.table} CASCADE".encode())
            with cursor.copy(into.encode()) as copy:
                copy.write(SIGNATURE)
                for block in big.rows(of, patients=patients, count=statements):
                    copy.write(block)
                copy.write(END)


def _variants(owner: Connection) -> None:
    """One row per drug and source: the columns that reading gives it."""
    known = [drug for drug in medicine_truth.drugs() if drug.name.isascii()][:200]
    owner.execute(
        "CREATE UNLOGGED TABLE bench_variant AS"
        " SELECT 0 AS drug, 0 AS turn, ''::text AS source, ''::text AS kind, "
        + ", ".join(f"{name}" for name in _SAID)
        + " FROM medications_statement LIMIT 0"
    )
    sources = ((Source.EHR_A, "active"), (Source.EHR_B, "current"), (Source.PATIENT, "taking"))
    names = ("drug", "turn", "source", "kind", *_SAID)
    with owner.cursor() as cursor:
        for number, drug in enumerate(known):
            for turn, (source, word) in enumerate(sources):
                said = IncomingStatement(
                    source=source, system=source.value, external_id="", status_word=word,
                    drug_text=_SPELT[turn].format(drug.name), said_at=medicine_truth.SAID_AT,
                    dosage_text="Take 1 tablet by mouth daily",
                    kind=StatementKind.ORDER if turn == 0 else StatementKind.STATEMENT,
                )  # fmt: skip
                row: dict[str, Any] = reading.statement_columns(UUID(int=0), said)
                row["candidates"] = psycopg.types.json.Jsonb(row["candidates"])
                values = [number, turn, source.value, said.kind.value, *(row[name] for name in _SAID)]
                places = ", ".join(["%s"] * len(names))
                cursor.execute(f"INSERT INTO bench_variant ({', '.join(names)}) VALUES ({places})", values)


# Ids in rising order, so that each index grows at its right-hand edge.
_ONE = "('a' || lpad(to_hex(n), 31, '0'))::uuid"
_PEOPLE = f"""
INSERT INTO identity_person (id, number, current_id, shown_record_id, created_at, family_name, given_name,
    birth_date, sex, phone, email, language)
SELECT {_ONE}, 'B' || n, {_ONE}, {_ONE}, now(), 'Bench' || n, 'Pat', date '1940-01-01' + (n %% 25000)::int,
    'female', '', '', 'en' FROM generate_series(0, %(patients)s - 1) n
"""
_CHARTS = f"""
INSERT INTO medications_chart (person_id, revision, recorded_at)
SELECT {_ONE}, 1, timestamptz '2026-03-01 13:00Z' FROM generate_series(0, %(patients)s - 1) n
"""


@dataclass(frozen=True, slots=True)
class Big:
    """One of the two big tables: the columns that differ in each row, those that are the same in every row of
    one drug and source (each with the expression that gives it), and what makes its rows.
    """

    table: str
    varying: tuple[str, ...]
    constants: dict[str, str]
    rows: Callable[..., Iterator[bytes]]


_ALIKE = {name: f"v.{name}" for name in _SAID if name != "key"}
_RECORDED = "timestamptz '2026-03-01 13:00Z'"
_BIG = (
    Big(
        "medications_statement", ("id", "person_id", "external_id"),
        {"site_id": f"'{SITE}'::uuid", "source": "v.source", "system": "v.source", "kind": "v.kind",
         "version": "1::int", "shown_version": "1::int", "changed_at": _RECORDED} | _ALIKE,
        medicine_rows.statements,
    ),
    Big(
        "medications_statementversion", ("id", "entity_id", "person_id"),
        {"version": "1::int", "valid_from": "v.said_at", "recorded_at": _RECORDED,
         "recorded_role": "'system'::text", "reason": "''::text", "source": "v.source",
         "content_digest": "''::text"} | _ALIKE,
        medicine_rows.versions,
    ),
)  # fmt: skip
