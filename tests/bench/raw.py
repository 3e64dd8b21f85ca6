"""The raw Postgres transaction of a booking, as 100 %: what the database itself asks for, by pgbench.

Claims of clinician, room and patient, the visit, its version, the audit row, the event with one delivery, and
the bell: in one transaction and one round trip, prepared, without a hold before it and without any web.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

from steadwell.launcher import postgres
from tests.bench import clinic, cpu, ids, limits
from tests.bench.figures import Report
from tests.bench.web import postmaster_pid

# Each client books its own clinicians, from the year 2040 on, where the generated clinic has nothing.
_SCRIPT = """
\\set n :n + 1
\\set clinician mod(:client_id * 7 + :n, 240)
\\set visit (:run * 32 + :client_id) * 50000 + :n
\\set patient mod(:visit * 7919, {patients})
\\startpipeline
BEGIN;
INSERT INTO scheduling_claim (claimant_id, during, kind, owner_id, site_id, overbooked)
SELECT who, tstzrange(timestamptz '2040-01-01Z' + :visit::int * interval '30 minutes',
    timestamptz '2040-01-01Z' + :visit::int * interval '30 minutes' + interval '30 minutes'), kind, {visit},
    {site}, false
FROM (VALUES ({clinician}, 'practitioner'), ({room}, 'resource'), ({person}, 'patient')) v (who, kind);
INSERT INTO scheduling_appointment (id, person_id, visit_type_id, practitioner_id, site_id, resource_ids,
    starts_at,
    ends_at, wall_start, time_zone, status, version, note, booked_at, cancelled_by, cancel_reason,
    rebook_offered,
    overbooked)
VALUES ({visit}, {person}, '{kind}', {clinician}, {site}, ARRAY[{room}],
    timestamptz '2040-01-01Z' + :visit::int * interval '30 minutes',
    timestamptz '2040-01-01Z' + :visit::int * interval '30 minutes' + interval '30 minutes',
    '2040-01-01T09:00:00', 'UTC',
    'booked', 1, '', now(), '', '', false, false);
INSERT INTO scheduling_appointmentversion (entity_id, version, valid_from, recorded_at, recorded_role,
    reason, source,
    move, status, person_id, visit_type_id, practitioner_id, site_id, resource_ids, starts_at, ends_at,
    wall_start,
    time_zone)
VALUES ({visit}, 1, now(), now(), 'patient', '', 'raw', 'book', 'booked', {person}, '{kind}', {clinician},
    {site},
    ARRAY[{room}], timestamptz '2040-01-01Z' + :visit::int * interval '30 minutes',
    timestamptz '2040-01-01Z' + :visit::int * interval '30 minutes' + interval '30 minutes',
    '2040-01-01T09:00:00', 'UTC');
INSERT INTO audit_auditentry (at, roles, capacity, actor_name, action, category, subject_id, entity_id,
    reason, detail,
    request_id, trace_id)
VALUES (now(), 'patient', 'self', '', 'appointment.book', 'appointment', {person}, {visit}, '', '{{}}', '',
    '');
INSERT INTO outbox_outboxevent (id, name, payload, occurred_at, traceparent)
VALUES ({visit}, 'scheduling.appointment_booked.v1', '{{"version": 1}}', now(), '');
INSERT INTO outbox_outboxdelivery (event_id, consumer, queue, state, attempts, created_at, available_at,
    called,
    last_error)
VALUES ({visit}, 'raw', 'default', 'waiting', 0, now(), now(), false, '');
SELECT pg_notify('steadwell_outbox', '');
COMMIT;
\\endpipeline
"""


def script(patients: int) -> str:
    sql = ids.numbered_sql
    return _SCRIPT.format(
        patients=patients, kind=clinic.VISIT_TYPE, visit=sql(ids.RAW_VISIT, ":visit"),
        person=sql(ids.PERSON, ":patient"), clinician=sql(ids.CLINICIAN, ":clinician"),
        room=sql(ids.ROOM, ":clinician"), site=sql(ids.SITE, f"mod(:clinician, {clinic.SITES})"),
    )  # fmt: skip


def measure(report: Report, *, clients: int, seconds: int, patients: int, run: int) -> None:
    if not limits.allows(seconds):
        report.notes.append(f"raw at {clients} clients: left out, the bench's time was over")
        return
    binaries = postgres.find_binaries(Path("/nonexistent"))
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script(patients))
        file.flush()
        postmaster = postmaster_pid()
        before = cpu.seconds(postmaster)
        ran = subprocess.run(
            [str(binaries.folder / "pgbench"), "--no-vacuum", "--protocol=prepared", "--jobs=1",
             f"--client={clients}", f"--time={seconds}", "--define=n=0", f"--define=run={run}",
             f"--file={file.name}", os.environ["DATABASE_URL"]],
            capture_output=True, text=True, check=True, timeout=seconds + 30,
        )  # fmt: skip
        time.sleep(0.5)  # a backend's time counts for its parent once it has ended
        spent = cpu.seconds(postmaster) - before
    count = int(_found(r"actually processed: (\d+)", ran.stdout))
    report.set(f"raw.rps.c{clients}", _found(r"tps = ([\d.]+)", ran.stdout), 1)
    report.set(f"raw.cpu_ms.c{clients}", spent / count * 1000)
    report.set(f"raw.mean_ms.c{clients}", _found(r"latency average = ([\d.]+)", ran.stdout), 2)
    if clients == 8:
        report.figures["raw.cpu_ms"] = report.figures["raw.cpu_ms.c8"]


def _found(pattern: str, text: str) -> float:
    match = re.search(pattern, text)
    if match is None:
        raise RuntimeError(f"pgbench said something else:\n{text}")
    return float(match[1])
