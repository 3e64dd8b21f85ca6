"""One write, one transaction, on real connections that stand in each other's way."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from effects import TABLE, count, note

from steadwell.errors import Busy, NotFound
from steadwell.transactions import Joined, LostRace, busy_when_out_of_time, lock_words, look_then_write, write

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT = 60
OURS, THEIRS = 7001, 7002


@pytest.fixture(autouse=True)
def effects(owner_connection):
    owner_connection.execute(TABLE)


def say(sql: str, *values: object) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone() if cursor.description else None


def take(number: int) -> None:
    say("SELECT pg_advisory_xact_lock(%s)", number)


def wait_for_lock(number: int, *, granted: bool) -> None:
    """Until somebody else has it, or waits for it."""
    for _ in range(LIMIT * 100):
        if say(
            "SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = database AND datname = current_database()"
            " WHERE objid = %s AND granted = %s AND pid <> pg_backend_pid()",
            number, granted,
        ):  # fmt: skip
            return
        say("SELECT pg_sleep(0.01)")
    raise AssertionError("the other transaction never came so far")


@pytest.fixture
def beside():
    """``beside(work)``: a transaction of somebody else's, with ``stays`` an open one until the test ends."""
    through, threads = threading.Event(), []

    def start(work: Callable[[], object], *, stays: bool = False) -> None:
        def run() -> None:
            try:
                with transaction.atomic():
                    say("SET LOCAL lock_timeout = 0")
                    work()
                    if stays:
                        through.wait(LIMIT)
            finally:
                connection.close()

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    yield start
    through.set()
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()


@pytest.fixture
def rival() -> Iterator[Callable[[], None]]:
    """``rival()``: another transaction takes THEIRS and then OURS. However slow the machine is, it does not
    look for a deadlock before ours does, so it is ours that finds one, and is ended.
    """
    threads = []

    def run() -> None:
        where = {"conninfo": os.environ["DATABASE_OWNER_URL"], "dbname": os.environ["TEST_DATABASE"]}
        with psycopg.connect(**where, autocommit=True) as owner:
            with suppress(psycopg.errors.InsufficientPrivilege):  # an owner who is no superuser hopes
                owner.execute("SET deadlock_timeout = '1h'")
            with owner.transaction():
                for number in (THEIRS, OURS):
                    owner.execute("SELECT pg_advisory_xact_lock(%s)", [number])

    def start() -> None:
        threads.append(threading.Thread(target=run))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()


class Crossing:
    """Work whose first runs cross another transaction's, so that Postgres ends ours."""

    def __init__(self, rival: Callable[[], None], *, times: int) -> None:
        self.rival, self.times, self.runs = rival, times, 0

    def __call__(self) -> None:
        self.runs += 1
        note("crossing", self.runs)
        take(OURS)
        if self.runs <= self.times:
            self.rival()
            wait_for_lock(OURS, granted=False)
            # Who waits first has looked for a deadlock by then; who waits last finds it, and is ended.
            say("SELECT pg_sleep(3 * extract(epoch FROM current_setting('deadlock_timeout')::interval))")
        take(THEIRS)


def test_write_answers_and_keeps_what_it_wrote():
    assert write(lambda: note("kept", 1) or "answer") == "answer"

    assert count("kept") == (1, 1)


def test_write_leaves_nothing_of_a_refused_work():
    def work():
        note("refused", 1)
        raise NotFound

    with pytest.raises(NotFound):
        write(work)

    assert count("refused") == (0, 0)


def test_write_refuses_to_be_a_part_of_something_by_chance():
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        write(lambda: note("part", 1))


def test_write_runs_again_after_a_lost_race_and_keeps_the_last_run_only():
    runs = []

    def work():
        runs.append(note("race", len(runs)))
        if len(runs) < 3:
            raise LostRace

    write(work)

    assert len(runs) == 3
    assert count("race") == (1, 1)


def test_write_that_loses_every_race_is_busy():
    runs = []

    def work():
        runs.append(note("lost", len(runs)))
        raise LostRace

    with pytest.raises(Busy):
        write(work)

    assert len(runs) == 3
    assert count("lost") == (0, 0)


def test_look_runs_again_with_the_work_and_opens_no_transaction():
    seen = []

    def look():
        assert not connection.in_atomic_block
        seen.append(count("looked"))
        return len(seen)

    def work(number):
        if number < 2:
            raise LostRace
        note("looked", number)
        return number

    assert look_then_write(look, work) == 2
    assert seen == [(0, 0), (0, 0)]


def test_look_that_refuses_says_nothing_to_the_database():
    def look():
        raise NotFound

    with CaptureQueriesContext(connection) as asked, pytest.raises(NotFound):
        look_then_write(look, lambda _: note("never", 1))

    assert list(asked) == []


def test_write_runs_again_after_a_deadlock(rival):
    work = Crossing(rival, times=1)

    write(work)

    assert work.runs == 2
    assert count("crossing") == (1, 1)


def test_write_ended_by_every_deadlock_is_busy(rival):
    work = Crossing(rival, times=3)

    with pytest.raises(Busy):
        write(work)

    assert work.runs == 3
    assert count("crossing") == (0, 0)


def test_joined_write_leaves_a_deadlock_to_its_caller(rival):
    work = Crossing(rival, times=1)

    with pytest.raises(Busy), transaction.atomic(), Joined():
        write(work)

    assert work.runs == 1
    assert count("crossing") == (0, 0)


@pytest.mark.parametrize(
    ("limit", "wait"),
    [("lock_timeout", f"SELECT pg_advisory_xact_lock({OURS})"), ("statement_timeout", "SELECT pg_sleep(30)")],
)
def test_write_that_waits_too_long_is_busy_at_once(beside, limit, wait):
    runs = []
    beside(lambda: take(OURS), stays=True)
    wait_for_lock(OURS, granted=True)

    def work():
        runs.append(note("late", 1))
        say(f"SET LOCAL {limit} = '50ms'")
        say(wait)

    with pytest.raises(Busy):
        write(work)

    assert len(runs) == 1
    assert count("late") == (0, 0)


def test_another_failure_of_the_database_is_not_called_busy():
    def work():
        say("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$")  # the disk is full

    with pytest.raises(OperationalError):
        write(work)
    with pytest.raises(OperationalError), busy_when_out_of_time():
        work()


def test_joined_writes_are_kept_together_or_not_at_all():
    def two(name, *, refused=False):
        with transaction.atomic(), Joined():
            write(lambda: note(name, 1))
            write(lambda: note(name, 2))
            if refused:
                raise NotFound

    two("both")
    with pytest.raises(NotFound):
        two("neither", refused=True)

    assert count("both") == (2, 2)
    assert count("neither") == (0, 0)


def test_joined_write_that_is_refused_takes_back_itself_only():
    def refused():
        note("two", 2)
        raise NotFound

    with transaction.atomic(), Joined():
        write(lambda: note("two", 1))
        with pytest.raises(NotFound):
            write(refused)

    assert count("two") == (1, 1)


def test_nothing_joins_after_a_joined_write_failed():
    with pytest.raises(NotFound), Joined():
        raise NotFound

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        write(lambda: None)


def test_lock_words_keeps_others_out_until_the_end(beside):
    beside(lambda: (lock_words(["a word", "another"]), take(OURS)), stays=True)
    wait_for_lock(OURS, granted=True)

    with transaction.atomic():
        lock_words(["a third"])
        say("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(Busy), transaction.atomic():
            lock_words(["another"])


def test_lock_words_never_crosses_itself(beside):
    """Whatever order they are named in, they are locked in one."""
    words = [f"word {number}" for number in range(20)]

    def both_ways(named):
        for _ in range(40):
            write(lambda: lock_words(named))

    ended = []
    threads = [
        threading.Thread(target=lambda named=named: (both_ways(named), ended.append(1), connection.close()))
        for named in (words, words[::-1], words[7:] + words[:7])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)

    assert len(ended) == 3
