"""The bench's database of medicines: 600,000 patients with 5 million statements, filled once by the server
itself, kept, and copied for each run.
"""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg

from medications import lines, reading
from medications.types import IncomingStatement, Source, StatementKind
from tests.bench import medicine_truth
from tests.bench.figures import say
from tests.bench.tables import Connection

ROOT = Path(__file__).resolve().parents[2]
KEPT, RUN = "benchmed", "benchmed_run"
EACH = 3  # sources that speak of one medicine
SITE = UUID(int=0x51 << 64)
_SPELT = ("{}", "{} ", " {}")  # as three systems write it; what they mean is the same
_SAID = (*lines.SAID,)


def person_id(number: int) -> UUID:
    return UUID(int=(0xA << 124) | number)


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
    for file in [*sorted(ROOT.glob("medications/migrations/*.py")), Path(__file__)]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _fill(url: str, *, patients: int, statements: int) -> None:
    """Statements and their versions side by side, one core each; indexes are made when the rows are there."""
    with psycopg.connect(url, autocommit=True) as owner:
        kinds = _variants(owner)
        values = {"patients": patients, "statements": statements, "kinds": kinds, "each": EACH, "site": SITE}
        _run(url, "people", _PEOPLE, values)
        _run(url, "charts", _CHARTS, values)
        later = [each for name in _BIG for each in _without_indexes(owner, name)]
        with ThreadPoolExecutor(len(_BIG)) as pool:
            done = [
                pool.submit(_run, url, name, what, values) for name, what in zip(_BIG, _FILLING, strict=True)
            ]
            for each in done:
                each.result()
        began = time.monotonic()
        for statement in later:
            owner.execute(statement.encode())
        owner.execute("DROP TABLE bench_variant")
        owner.execute("VACUUM (ANALYZE)")
        say(f"indexes: {time.monotonic() - began:.0f} s")


def _run(url: str, name: str, what: str, values: dict[str, Any]) -> None:
    began = time.monotonic()
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("SET synchronous_commit = off")
        owner.execute("SET session_replication_role = replica")  # no trigger, no foreign key: our own rows
        owner.execute(what.encode(), values)
    say(f"{name}: {time.monotonic() - began:.0f} s")


def _without_indexes(owner: Connection, table: str) -> list[str]:
    """Take them away but for the primary key; answers the statements that make them again."""
    again = []
    for name, definition in owner.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass"
        " AND contype = 'u'",
        [table],
    ).fetchall():
        owner.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'.encode())
        again.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
    for name, definition in owner.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexname NOT IN"
        " (SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass)",
        [table, table],
    ).fetchall():
        owner.execute(f'DROP INDEX "{name}"'.encode())
        again.append(definition)
    return again


def _variants(owner: Connection) -> int:
    """One row per drug and source: the columns that reading gives it. Answers the number of drugs."""
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
    return len(known)


# Ids in rising order, so that each index grows at its right-hand edge.
_PERSON = "('a' || lpad(to_hex({}), 31, '0'))::uuid"
_ONE = _PERSON.format("n")
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
_COMMON = ", ".join(name for name in _SAID if name != "key")
_OF = ", ".join(f"v.{name}" for name in _SAID if name != "key")
_KEY = "CASE WHEN v.key LIKE 'S:%%' THEN 'S:' || i.id ELSE v.key END"
# Statement s is the (s / patients)th of patient s %% patients; each three in a row are about one drug.
_EACH = """
FROM (SELECT s, s %% %(patients)s AS n, s / %(patients)s AS k,
             ('00000000' || lpad(to_hex(s), 24, '0'))::uuid AS id
      FROM generate_series(0::bigint, %(statements)s::bigint - 1) s) i
JOIN bench_variant v ON v.drug = (i.n * 7 + i.k / %(each)s * 31) %% %(kinds)s AND v.turn = i.k %% %(each)s
"""
_STATEMENTS = f"""
INSERT INTO medications_statement (id, person_id, site_id, source, system, external_id, kind, version,
    shown_version, changed_at, key, {_COMMON})
SELECT i.id, {_PERSON.format("i.n")}, %(site)s::uuid, v.source, v.source, 'B' || i.s, v.kind, 1, 1,
    timestamptz '2026-03-01 13:00Z', {_KEY}, {_OF} {_EACH}
"""
_VERSIONS = f"""
INSERT INTO medications_statementversion (entity_id, person_id, version, valid_from, recorded_at,
    recorded_role,
    reason, source, content_digest, key, {_COMMON})
SELECT i.id, {_PERSON.format("i.n")}, 1, v.said_at, timestamptz '2026-03-01 13:00Z', 'system', '', v.source,
    '', {_KEY}, {_OF} {_EACH}
"""
_BIG = ("medications_statement", "medications_statementversion")
_FILLING = (_STATEMENTS, _VERSIONS)
