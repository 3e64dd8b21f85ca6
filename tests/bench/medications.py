"""``bench medications``: reading drug names, a patient's list deciding about a line, at 600,000 patients."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from django.db import connection, connections, transaction

from medications import charts, recording
from medications import service as medications
from steadwell import clock
from steadwell.actor import Actor, Role
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId, new_id
from steadwell.terminology import service as terminology
from tests.bench import cpu, drug_names, limits, medicine_house, medicine_rows, medicine_truth, web
from tests.bench.figures import Report, say
from tests.terminology import rxnorm_release

FULL, SMALL = (600_000, 5_000_000), (20_000, 160_000)
AIMS = "Aims: 2,000 strings/s on one core; 99 of 100 doubles gone, none wrongly joined; load 180 s, 500 MB."
LONGEST_LOAD = 180  # seconds


def run(report: Report, *, small: bool) -> None:
    """What needs no database of its own comes first; the whole of it ends in time, the filling included."""
    try:
        limits.begin()
        _measure_all(report, small=small)
    except limits.OutOfTime:
        report.notes.append(f"cut off after {limits.TOTAL:.0f} s: what is not here was not measured")
    finally:
        limits.over()
    report.notes += [
        AIMS,
        "normalise.rps: over a generated release of the prescribable set's size; normalise.said_rps: what the"
        " set with truth says, over the shipped drugs.",
        "list and reconcile: the service's own call, one after the other, by a clinician; CPU of this process"
        " and of Postgres. reconcile locks, checks against the rule pack, writes a version, settles, audits.",
        "duplicates and merges: a generated set with truth; 3 statements in 100 name only an ingredient, and"
        " are never joined by themselves; removed_of_named leaves those out, proposed is how many of them are"
        " offered to a person with the right line.",
    ]


def _measure_all(report: Report, *, small: bool) -> None:
    patients, statements = SMALL if small else FULL
    drug_names.run(report, small=small)
    _reading(report, small=small)
    _joining(report, small=small)
    _let_go()
    report.notes.append(medicine_house.ready(patients=patients, statements=statements))
    _let_go()
    web.use_database()
    _lists(report, patients=patients, turns=300 if small else 1_500)
    _deciding(report, patients=patients, turns=100 if small else 500)
    _loading(report, small=small)


def _let_go() -> None:
    """Reading drug names asked the database of before; it is copied now, and nobody may be on it."""
    connections.close_all()
    connections["default"].close_pool()


def _reading(report: Report, *, small: bool) -> None:
    texts = medicine_truth.everything_said(100 if small else 600)
    terminology.normalise_drug(texts[0])
    began = time.process_time()
    for text in texts:
        terminology.normalise_drug(text)
    report.set("normalise.said_rps", len(texts) / (time.process_time() - began), 0)


def _joining(report: Report, *, small: bool) -> None:
    known = medicine_truth.drugs()
    people = 200 if small else 2_000
    found = medicine_truth.measure(medicine_truth.patients(people, known=known))
    report.set("duplicates.removed", found.removed, 2)
    report.set("duplicates.removed_of_named", found.removed_of_named, 2)
    report.set("duplicates.proposed", 100 * found.proposed / max(1, found.unnamed_left), 2)
    report.set("duplicates.removed_with_a_decision", found.removed_with_a_decision, 2)
    report.set("offers.of_100_patients", 100 * found.offered / people, 1)
    report.set("offers.wrong", found.offered_wrong, 0)
    report.set("merges.wrong", found.wrong, 0)
    report.set("truth.statements", found.statements, 0)
    say(f"truth: {found}")


def _lists(report: Report, *, patients: int, turns: int) -> None:
    doctor, now = _doctor(), clock.now()
    wanted = iter(_people(patients, turns + 20, seed=3))

    def look() -> None:
        medications.get_list(actor=doctor, person_id=next(wanted), now=now)

    _measure(report, "list", look, turns=turns)


def _deciding(report: Report, *, patients: int, turns: int) -> None:
    """Their lines are settled first, as the writes that brought them would have."""
    doctor, now = _doctor(), clock.now()
    chosen = []
    for who in _people(patients, turns + 20, seed=5):
        with transaction.atomic():
            recording.resettle(charts.lock(who, now))
        line = medications.get_list(actor=doctor, person_id=who, now=now).lines[0]
        chosen.append((line, {f.key: "Known" for f in _findings(doctor, who, line)}))
    wanted = iter(chosen)

    def decide() -> None:
        line, reasons = next(wanted)
        medications.settle_line(
            actor=doctor, line_id=line.line_id, seen_revision=line.revision, status=medications.Status.ACTIVE,
            dosage_text="Take 1 tablet by mouth daily", reason="Bench", overrides=reasons,
            request_key=str(new_id()), now=now,
        )  # fmt: skip

    _measure(report, "reconcile", decide, turns=turns)


def _loading(report: Report, *, small: bool) -> None:
    """An operator's release of the prescribable set's size, as they load it: time and memory."""
    if not limits.allows(LONGEST_LOAD):
        report.notes.append("rxnorm.load: left out, the bench's time was over")
        return
    made = rxnorm_release.many(160 if small else 3_200)
    with tempfile.TemporaryDirectory() as folder:
        began, command = time.monotonic(), ["-m", "django", "rxnorm", "load", str(made.write(Path(folder)))]
        loading = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
        try:
            _, loading.returncode, used = os.wait4(loading.pid, 0)
        finally:
            if loading.returncode is None:
                loading.kill()
    if loading.returncode:
        raise RuntimeError(f"rxnorm load ended with {loading.returncode}")
    report.set("rxnorm.names", len(made.names), 0)
    report.set("rxnorm.load_s", time.monotonic() - began, 1)
    report.set("rxnorm.load_mb", used.ru_maxrss / 1024, 0)
    say(f"loaded {len(made.names)} names in {report.figures['rxnorm.load_s']} s")


def _findings(
    doctor: Actor, who: PersonId, line: medications.LineView
) -> tuple[medications.FindingView, ...]:
    told = medications.get_check(
        actor=doctor, person_id=who, drug_text=line.name, rxcui=line.rxcui,
        dosage_text="Take 1 tablet by mouth daily", leaving_out=line.line_id, now=clock.now(),
    )  # fmt: skip
    return told.findings


def _measure(report: Report, name: str, act: Callable[[], None], *, turns: int) -> None:
    for _ in range(20):  # the first ones load code and plans
        act()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        postgres = cpu.parent(cursor.fetchone()[0])
    web_before, pg_before = time.process_time(), cpu.seconds(postgres)
    latencies: list[float] = []
    while len(latencies) < turns and limits.allows(0):
        began = time.perf_counter()
        act()
        latencies.append(time.perf_counter() - began)
    own, theirs = time.process_time() - web_before, cpu.seconds(postgres) - pg_before
    if len(latencies) < turns:
        report.notes.append(f"{name}: {len(latencies)} of {turns} turns, the bench's time was over")
    turns = len(latencies)
    latencies.sort()
    report.set(f"{name}.cpu_ms", (own + theirs) / turns * 1000)
    report.set(f"{name}.web_cpu_ms", own / turns * 1000)
    report.set(f"{name}.pg_cpu_ms", theirs / turns * 1000)
    for label, share in (("p50", 0.5), ("p99", 0.99)):
        report.set(f"{name}.{label}_ms", latencies[int(share * (turns - 1))] * 1000, 2)
    say(f"{name}: {report.figures[f'{name}.cpu_ms']} ms CPU")


def _people(patients: int, count: int, *, seed: int) -> list[PersonId]:
    numbers = random.Random(seed).sample(range(patients), count)
    return [PersonId(medicine_rows.person_id(number)) for number in numbers]


def _doctor() -> Actor:
    return Actor(
        user_id=UserId(new_id()), roles=frozenset({Role.CLINICIAN}), practitioner_id=PractitionerId(new_id()),
        site_ids=frozenset({SiteId(UUID(int=medicine_house.SITE.int))}),
    )  # fmt: skip
