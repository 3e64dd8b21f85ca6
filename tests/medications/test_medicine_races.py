"""Fifty writers on twenty patients, with faults on: nothing lost, nothing forked, every moment reachable."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, InterfaceError, connection, transaction
from histories import Acknowledged, Recorded, anomalies, newest_by
from medicine_house import DOCTOR, FEED, NOW, file, key, listed, patient, person, said

from medications import lines, settling
from medications import service as medications
from medications.models import Chart, DecisionVersion, Line, StatementVersion
from medications.types import Source, Status
from steadwell import clock
from steadwell.audit.errors import AuditUnavailable
from steadwell.errors import Busy, Refusal
from steadwell.ids import PersonId

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS, PATIENTS, ACTS = 50, 20, 8
# More than connections; a pool waits for nobody in a test.
AT_ONCE = 12
# Far more than it takes: what stands still by then fails instead of hanging.
PATIENCE = 240


def all_ended(threads: list[threading.Thread]) -> None:
    """Wait for them, all together no longer than that."""
    ends = time.monotonic() + PATIENCE
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    assert [thread.name for thread in threads if thread.is_alive()] == []


class Journal:
    """What writers were told, and what a reader saw at moments between."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.acknowledged: list[Acknowledged] = []
        self.decided: list[Acknowledged] = []
        self.refused: set[str] = set()  # words that their writers were told did not count
        self.outcomes: Counter[str] = Counter()
        self.seen: list[tuple[PersonId, int, datetime, dict[UUID, str]]] = []

    def note(self, kind: str, entity: UUID, version: int, seen: int | None, words: str) -> None:
        with self.lock:
            target = self.decided if kind == "decide" else self.acknowledged
            target.append(Acknowledged(entity, version, seen, words))
            self.outcomes[kind] += 1

    def refuse(self, error: Exception, words: str) -> None:
        with self.lock:
            self.outcomes[getattr(error, "code", type(error).__name__)] += 1
            if isinstance(error, Refusal):  # of a connection that broke nobody knows what became
                self.refused.add(words)


class Writer:
    def __init__(self, number: int, people: list[PersonId], journal: Journal) -> None:
        self.number, self.people, self.journal = number, people, journal
        self.random = random.Random(number)
        self.timers: list[threading.Thread] = []

    def run(self, gate: threading.Event, places: threading.Semaphore) -> None:
        assert gate.wait(PATIENCE)
        if not places.acquire(timeout=PATIENCE):
            return  # who stands in the way is told by `all_ended`
        try:
            for turn in range(ACTS):
                self._act(turn)
        finally:
            connection.close()
            places.release()

    def _act(self, turn: int) -> None:
        who = self.random.choice(self.people)
        act = (self._feed, self._correct, self._edit, self._decide, self._look)[self.number % 5]
        words = f"take {self.random.randint(1, 3)} tablets daily #{self.number}.{turn}"
        try:
            if self.random.random() < 0.1:
                self._die()
            act(who, words)
        except (Refusal, AuditUnavailable, DatabaseError, InterfaceError, ConnectionError) as error:
            self.journal.refuse(error, words)
            connection.close()

    def _die(self) -> None:
        """The fault: the server drops this writer's connection, before its act or during the next one."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
        if self.random.random() < 0.5:
            timer = threading.Timer(self.random.random() / 20, _terminate, [pid])
            timer.start()
            self.timers.append(timer)
        else:
            _terminate(pid)

    def _feed(self, who: PersonId, words: str) -> None:
        """A live feed: the same statement of the patient, said at odd times, sometimes twice."""
        statement = said(
            external_id=f"feed-{who}", dosage_text=words,
            said_at=NOW - timedelta(minutes=self.random.randint(0, 90)),
        )  # fmt: skip
        filed = file(who, statement, now=clock.now())
        if filed.effect != "same":
            self.journal.note("feed", filed.entity_id, filed.version, None, words)

    def _correct(self, who: PersonId, words: str) -> None:
        """A source that states what it saw."""
        line = listed(who, actor=FEED)[0]
        own = next((e.statement for e in line.evidence if e.statement.system == "ehr-b"), None)
        if own is None:
            return
        statement = said(
            external_id=f"fix-{who}", source=Source.EHR_B, system="ehr-b", dosage_text=words,
            said_at=clock.now(), is_correction=True, seen_version=own.version,
        )  # fmt: skip
        filed = file(who, statement, now=clock.now())
        self.journal.note("correct", filed.entity_id, filed.version, own.version, words)

    def _edit(self, who: PersonId, words: str) -> None:
        line = listed(who, actor=FEED)[0]
        own = next(e.statement for e in line.evidence if e.statement.source is Source.PATIENT)
        made = medications.change_medicine(
            actor=patient(who), statement_id=own.statement_id, seen_version=own.version,
            drug_text=own.drug_text, dosage_text=words, status=Status.ACTIVE, started_on=None, ended_on=None,
            reason_text="", request_key=key(), now=clock.now(),
        )  # fmt: skip
        self.journal.note("edit", own.statement_id, made.version, own.version, words)

    def _decide(self, who: PersonId, words: str) -> None:
        line = listed(who, actor=FEED)[0]
        made = medications.settle_line(
            actor=DOCTOR, line_id=line.line_id, seen_revision=line.revision, status=Status.ACTIVE,
            dosage_text=words, reason="Looked", overrides={}, request_key=key(), now=clock.now(),
        )  # fmt: skip
        self.journal.note("decide", line.line_id, made.decision_version, line.decision_version, words)

    def _look(self, who: PersonId, words: str) -> None:
        """A reader that writes down what it saw with the chart's revision, to be asked about later."""
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            chart = Chart.objects.get(pk=who)
            seen = {row["id"]: row["dosage_text"] for row in lines.rows_now([who])}
        with self.journal.lock:
            self.journal.seen.append((who, chart.revision, chart.recorded_at, seen))


def _terminate(pid: int) -> None:
    owner = urlunsplit(
        urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{os.environ['TEST_DATABASE']}")
    )
    with psycopg.connect(owner, autocommit=True, connect_timeout=60) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


def _people() -> list[PersonId]:
    found = []
    for _ in range(PATIENTS):
        who = person()
        file(who, said(external_id=f"feed-{who}", said_at=NOW - timedelta(hours=3)))
        file(
            who,
            said(
                external_id=f"fix-{who}",
                source=Source.EHR_B,
                system="ehr-b",
                said_at=NOW - timedelta(hours=3),
            ),
        )
        medications.add_medicine(
            actor=patient(who), person_id=who, drug_text="lisinopril 10 MG Oral Tablet",
            dosage_text="Take 1 tablet daily", request_key=key(), now=NOW,
        )  # fmt: skip
        found.append(who)
    return found


def _recorded(model: Any, words: str = "dosage_text") -> list[Recorded]:
    names = ("entity_id", "person_id", "version", "supersedes", "recorded_at", words)
    return [Recorded(*row) for row in model.objects.values_list(*names)]


def test_fifty_writers_on_twenty_patients():
    people, journal = _people(), Journal()
    gate, places = threading.Event(), threading.Semaphore(AT_ONCE)
    writers = [Writer(number, people, journal) for number in range(WRITERS)]
    threads = [threading.Thread(target=writer.run, args=(gate, places), daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    gate.set()
    all_ended(threads)
    all_ended([timer for writer in writers for timer in writer.timers])

    versions = _recorded(StatementVersion)
    assert anomalies(journal.acknowledged, versions) == []
    decisions = _recorded(DecisionVersion)
    assert anomalies([], decisions) == []
    # Nobody reads what was refused, now or at any moment: no version has its words.
    assert journal.refused & {row.words for row in (*versions, *decisions)} == set()
    kept = {(row.entity_id, row.version): row.words for row in decisions}
    assert {(e.entity_id, e.version): e.words for e in journal.decided}.items() <= kept.items()
    _every_moment_is_reachable(people, journal, versions)
    _lines_are_what_follows(people)
    assert all(journal.outcomes[act] for act in ("feed", "correct", "edit", "decide"))
    # The faults struck, and writers that saw less were refused: without either this shows nothing.
    assert journal.outcomes["OperationalError"] + journal.outcomes["InterfaceError"] > 0
    assert journal.outcomes["stale-fact"] > 0


def _every_moment_is_reachable(people: list[PersonId], journal: Journal, versions: list[Recorded]) -> None:
    """What a reader saw then is what is answered about then, and both are what the history says."""
    said_at = {
        (entity, version): at
        for entity, version, at in StatementVersion.objects.values_list("entity_id", "version", "said_at")
    }
    for who, _revision, at, seen in journal.seen:
        then = {row["id"]: row["dosage_text"] for row in lines.rows_then([who], at)}
        own = [row for row in versions if row.person_id == who]
        assert seen == then == newest_by(own, said_at, at)
    for who in people:
        own = [row for row in versions if row.person_id == who]
        for moment in sorted(row.recorded_at for row in own):
            then = medications.as_known(actor=FEED, person_id=who, at=moment, now=NOW)
            told = {
                e.statement.statement_id: e.statement.dosage.text for li in then.lines for e in li.evidence
            }
            assert told == newest_by(own, said_at, moment)


def _lines_are_what_follows(people: list[PersonId]) -> None:
    for who in people:
        found = {line.line_id: (line.state.value, line.evidence_digest) for line in lines.load(who, [who])}
        rows = Line.objects.filter(person_id=who).exclude(state="empty")
        assert {row.pk: (row.state, row.evidence_digest) for row in rows} == found
        assert all(settling.line_id_of(who, row.key) == row.pk for row in rows)


def test_two_edits_of_one_version_never_both_win():
    who = _people()[0]
    line = listed(who, actor=FEED)[0]
    own = next(e.statement for e in line.evidence if e.statement.source is Source.PATIENT)
    outcomes: Counter[str] = Counter()
    gate = threading.Event()

    def edit(number: int) -> None:
        assert gate.wait(PATIENCE)
        try:
            medications.change_medicine(
                actor=patient(who), statement_id=own.statement_id, seen_version=own.version,
                drug_text=own.drug_text, dosage_text=f"Take {number} tablets daily", status=Status.ACTIVE,
                started_on=None, ended_on=None, reason_text="", request_key=key(), now=clock.now(),
            )  # fmt: skip
            outcomes["won"] += 1
        except medications.StaleFact as stale:
            both = (stale.seen.version if stale.seen else 0, stale.current.version)
            outcomes["stale" if both == (own.version, own.version + 1) else "stale without both"] += 1
        except Busy:
            outcomes["busy"] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=edit, args=(number,), daemon=True) for number in range(2, 10)]
    for thread in threads:
        thread.start()
    gate.set()
    all_ended(threads)

    assert outcomes["won"] == 1
    assert outcomes["stale"] == 7


@pytest.mark.parametrize(
    "broken",
    [
        [
            Recorded(UUID(int=1), UUID(int=9), 1, None, NOW, "a"),
            Recorded(UUID(int=1), UUID(int=9), 3, 1, NOW, "b"),
        ],
        [
            Recorded(UUID(int=1), UUID(int=9), 1, None, NOW, "a"),
            Recorded(UUID(int=2), UUID(int=9), 1, None, NOW, "b"),
        ],
        [Recorded(UUID(int=1), UUID(int=9), 1, None, NOW, "other")],
    ],
)
def test_the_checker_finds_a_planted_anomaly(broken):
    assert anomalies([Acknowledged(UUID(int=1), 1, None, "a")], broken) != []


def test_the_checker_finds_a_lost_update():
    rows = [
        Recorded(
            UUID(int=1), UUID(int=9), number, number - 1 or None, NOW + timedelta(minutes=number), str(number)
        )
        for number in (1, 2, 3)
    ]

    assert anomalies([Acknowledged(UUID(int=1), 3, 1, "3")], rows) != []
