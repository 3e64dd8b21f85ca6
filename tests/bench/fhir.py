"""The FHIR API over HTTP, at two sizes of the same clinic: what a request costs, and whether it grows.

Each figure stands for the large size; the same with ``.small`` for the small one. Both are filled and served
at once and asked in turn, so that a machine that is slower for a while is slower for both.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import UUID, uuid4

import orjson
import psycopg

from tests.bench import fhir_export, figures, ids, people, web
from tests.bench.figures import Report, say
from tests.bench.tables import Connection, unhindered

SIZES = {".small": (10_000, 166_000), "": (600_000, 10_000_000)}
TRIED = {".small": (2_000, 33_000), "": (10_000, 166_000)}
PER_REPORT = 10
CLIENTS = 8
TURNS = 3  # of each size, per kind of request
CODES = ("2823-3", "2951-2", "2345-7", "2160-0", "718-7", "4544-3", "6690-2", "777-3", "1742-6", "1920-8")
_TABLES = ("labs_report", "labs_reportversion", "labs_result", "labs_resultversion")
_REPORT = """
INSERT INTO labs_report (id, sender, identity, version, shown_version, record_id, person_id, pinned, site_id,
  practitioner_id, order_id, placer_number, waits, loinc, name, performer, specimen, status, status_disagrees,
  corrected, critical, abnormal, quarantined, notes, collected_at, issued_at, charted_at, received_at,
  changed_at)
SELECT {report}, 'bench-lab', 'F|' || n || '|P', 1, 1, NULL, {person}, false, NULL, NULL, NULL, '', '',
  '24326-1',
  'Panel', 'Bench Laboratory', 'Blood', 'final', false, false, false, false, 0, '[]', {at}, {at}, {at},
  {at}, {at}
FROM generate_series(0, %(reports)s - 1) n
"""
_STAMP = "NULL, {at}, NULL, {at}, NULL, 'system', '', 'bench-lab'"
_VERSION = f"""
INSERT INTO labs_reportversion (entity_id, version, supersedes, valid_from, valid_to, recorded_at,
  recorded_by,
  recorded_role, reason, source, message_id, record_id, replays, digest, heading_digest, status_told,
  issued_at,
  sent_at, complete, code, code_system, loinc, name, placer_number, filler_number, parent_filler_number,
  ordered_by, ordered_by_name, copies_to, performer, specimen, collected_at, collected_text, notes)
SELECT {{report}}, 1, {_STAMP}, NULL, NULL, NULL, md5(n::text), '', 'final', {{at}}, {{at}}, true,
  '24326-1', 'LN',
  '24326-1', 'Panel', '', n::text, '', '', '', '[]', 'Bench Laboratory', 'Blood', {{at}}, '', '[]'
FROM generate_series(0, %(reports)s - 1) n
"""
_ID = ids.result_sql("{report}", "n::text || '/' || k")
# As labs files them: the results of a report beside each other, under ids that begin as its own does.
_EACH = (
    f"(SELECT i / {PER_REPORT} AS n, i %% {PER_REPORT} AS k"
    f" FROM generate_series(0, %(reports)s * {PER_REPORT} - 1) i) each"
)
_CODE = "(%(codes)s::text[])[k + 1]"
_RESULT = f"""
INSERT INTO labs_result (id, report_id, key, version, previous_version, status, corrected, reason, flag,
  loinc,
  person_id, observed_at)
SELECT {_ID}, {{report}}, {_CODE}, 1, NULL, 'final', false, '', 'N', {_CODE}, {{person}}, {{at}}
FROM {_EACH}
"""
_WORDS = f"""
INSERT INTO labs_resultversion (entity_id, version, supersedes, valid_from, valid_to, recorded_at,
  recorded_by,
  recorded_role, reason, source, report_id, key, position, parent_key, sub_id, digest, code, code_system,
  loinc,
  name, value_type, value_text, value_code, value_code_system, unit_text, range_text, flag_sent, status_told,
  effective_at, effective_text, method, performer, notes, kind, comparator, number, low, high, unit,
  unit_reason,
  problem, absent_reason, range_low, range_high, range_is_ours, flag, flag_computed, flags_disagree)
SELECT {_ID}, 1, {_STAMP}, {{report}}, {_CODE}, k, '', '', md5(n::text), {_CODE}, 'LN', {_CODE},
  'Test ' || k, 'NM',
  '4.' || k, '', '', 'mmol/L', '3.5-5.1', '', 'final', {{at}}, '', '', '', '[]', 'number', '', '4.' || k,
  '', '',
  'mmol/L', '', '', '', '3.5', '5.1', false, 'N', 'N', false
FROM {_EACH}
"""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two sizes. ``tail`` ends its figures' names."""

    tail: str
    patients: int
    observations: int
    database: str
    token: str
    server: web.Server
    report: Report

    def use(self) -> None:
        """What this process asks through Django is asked here."""
        os.environ["DATABASE_URL"] = self.database
        web.use_database()


def run(report: Report, *, small: bool, seconds: float) -> None:
    with ExitStack() as both:
        sides = [_side(tail, size, both) for tail, size in (TRIED if small else SIZES).items()]
        _measure(sides, seconds)
        for side in sides:
            side.use()
            fhir_export.measure(side.report, side.server, side.token, seconds=max(seconds, 3))
    for side in sides:
        for name, value in side.report.figures.items():
            report.figures[f"{name}{side.tail}"] = value
        report.notes += side.report.notes
        report.notes.append(
            f"{side.tail or 'large'}: {side.patients:,} patients, {side.observations:,} observations"
        )


def _side(tail: str, size: tuple[int, int], both: ExitStack) -> Side:
    patients, observations = size
    database = _own_database(f"fhir_run{tail.replace('.', '_')}")
    _fill(patients, observations)
    token = _token()
    server = both.enter_context(web.server(workers=web.WORKERS))
    return Side(tail, patients, observations, database, token, server, Report("fhir"))


def _own_database(name: str) -> str:
    """A fresh copy of the migrated, empty one, used from now on. Returns its address for the app's role."""
    owner = os.environ.setdefault("BENCH_EMPTY", os.environ["DATABASE_OWNER_URL"])
    source = urlsplit(owner).path.lstrip("/")
    with psycopg.connect(_named(owner, "postgres"), autocommit=True) as cluster:
        cluster.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cluster.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}" STRATEGY file_copy')
    os.environ["DATABASE_OWNER_URL"] = _named(owner, name)
    os.environ["DATABASE_URL"] = _named(os.environ["DATABASE_URL"], name)
    web.use_database()
    return os.environ["DATABASE_URL"]


def _named(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _fill(patients: int, observations: int) -> None:
    reports = observations // PER_REPORT
    say(f"filling {patients:,} patients and {observations:,} observations")
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("SET synchronous_commit = off")
        people.load(owner, count=patients)
        with unhindered(owner, _TABLES):
            for statement in (_REPORT, _VERSION, _RESULT, _WORDS):
                _insert(owner, statement, patients=patients, reports=reports)
        owner.execute("VACUUM (ANALYZE)")
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):  # on somebody's server
            owner.execute("CHECKPOINT")


def _insert(owner: Connection, statement: str, *, patients: int, reports: int) -> None:
    whose = ids.numbered_sql(ids.PERSON, f"n %% {patients}")
    at = "timestamptz '2024-01-01 08:00+00' + (n %% 700) * interval '1 day'"
    sql = statement.format(report=ids.numbered_sql(ids.RECORD, "n"), person=whose, at=at)
    values: dict[str, object] = {"reports": reports}
    if "%(codes)s" in sql:
        values["codes"] = list(CODES)
    owner.execute(sql.encode(), values)


def _token() -> str:
    from fhir_facade.smart import tokens
    from steadwell import clock
    from steadwell.actor import system

    operator, now = system("bench"), clock.now()
    tokens.register_client(actor=operator, client_id="bench", name="Bench", per_minute=2_000_000_000, now=now)
    token, _ = tokens.issue(actor=operator, client_id="bench", scope="system/*.cruds", now=now)
    return token


def _measure(sides: list[Side], seconds: float) -> None:
    asked = [_requests(side, seconds) for side in sides]
    for name, expect in (
        ("read", 200),
        ("search", 200),
        ("everything", 200),
        ("create", 201),
        ("transaction20", 200),
    ):
        lanes = []
        for side, requests in zip(sides, asked, strict=True):
            first, rest = requests[name][:16], requests[name][16:]
            figures.measure(Report("warm-up"), name, side.server, [first], expect=expect, seconds=5)
            lanes.append([rest[lane::CLIENTS] for lane in range(CLIENTS)])
        spent = [figures.Spent() for _ in sides]
        for turn in range(TURNS):
            for number, side in enumerate(sides):
                once = [lane[turn::TURNS] for lane in lanes[number]]
                spent[number].drive(side.server, once, seconds / TURNS)
        for side, each in zip(sides, spent, strict=True):
            figures.note(side.report, name, each, clients=CLIENTS, expect=expect)


def _requests(side: Side, seconds: float) -> dict[str, list[bytes]]:
    """More of each kind than can be answered in the time."""
    dice, token, patients = random.Random("fhir"), side.token, side.patients

    def whose() -> UUID:
        return people.person_id(dice.randrange(patients))

    def many(a_second: int) -> range:
        return range(int(seconds * a_second) + 100)

    return {
        "read": [_get(token, f"Patient/{whose()}") for _ in many(2000)],
        "search": [_search(token, dice, patients) for _ in many(1000)],
        "everything": [_get(token, f"Patient/{whose()}/$everything") for _ in many(500)],
        "create": [_post(token, "Observation", observation(dice, patients)) for _ in many(800)],
        "transaction20": [_post(token, "", _transaction(dice, patients)) for _ in many(60)],
    }


def _search(token: str, dice: random.Random, patients: int) -> bytes:
    """Patient, category and date: what an EHR's results page asks."""
    start = date(2024, 1, 1) + timedelta(days=dice.randrange(300))
    category = quote("http://terminology.hl7.org/CodeSystem/observation-category|laboratory")
    person = people.person_id(dice.randrange(patients))
    return _get(token, f"Observation?patient={person}&category={category}&date=ge{start}")


def observation(dice: random.Random, patients: int) -> dict[str, object]:
    return {
        "resourceType": "Observation", "status": "final",
        "category": [{"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory",
        }]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}], "text": "Potassium"},
        "subject": {"reference": f"Patient/{people.person_id(dice.randrange(patients))}"},
        "effectiveDateTime": "2026-05-01T08:30:00Z", "issued": "2026-05-01T09:30:00Z",
        "valueQuantity": {
            "value": 4.1, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L",
        },
    }  # fmt: skip


def _transaction(dice: random.Random, patients: int) -> dict[str, object]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(_entries(dice, patients))}


def _entries(dice: random.Random, patients: int) -> Iterator[dict[str, object]]:
    """A doctor, and nineteen observations that name them."""
    doctor = f"urn:uuid:{uuid4()}"
    practitioner = {"resourceType": "Practitioner", "name": [{"family": "Bench"}]}
    yield {"fullUrl": doctor, "resource": practitioner, "request": {"method": "POST", "url": "Practitioner"}}
    for _ in range(19):
        said = observation(dice, patients) | {"performer": [{"reference": doctor}]}
        yield {"resource": said, "request": {"method": "POST", "url": "Observation"}}


def _get(token: str, path: str) -> bytes:
    return _request("GET", path, token, b"")


def _post(token: str, path: str, body: dict[str, object]) -> bytes:
    return _request("POST", path, token, orjson.dumps(body))


def _request(method: str, path: str, token: str, body: bytes) -> bytes:
    lines = [
        f"{method} /fhir/{path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}",
        "Accept: application/fhir+json", "Connection: keep-alive",
    ]  # fmt: skip
    if body:
        lines += ["Content-Type: application/fhir+json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
