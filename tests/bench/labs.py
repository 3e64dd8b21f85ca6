"""``bench labs``: laboratory messages from the socket to the clinician's inbox."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from fhir_facade.hl7v2 import oru, senders, splitter
from fhir_facade.hl7v2.arrivals import Arrival, judge
from steadwell import clock
from tests.bench import lab_house, lab_inboxes, lab_messages, web
from tests.bench.figures import Report, percentile, say
from tests.bench.lab_load import LabPlan, LabRun

LANES = 8
RATE = 50.0  # messages a second while the inbox is watched
PATIENTS = 1_000
CRITICAL_EACH = 25
# Seconds that a part may take at most, whatever the machine: what was cut by it stands in the notes.
LOAD, REST, IDLE, SEEN = 240.0, 60.0, 60.0, 60.0
AIMS = "Aims: 150 messages/s sustained on two cores, ACK p99 30 ms, critical p99 2,000 ms, 20,000 splits/s."


def run(report: Report, *, small: bool) -> None:
    count, seconds = (2_000, 10) if small else (20_000, 60)
    reminders = count
    lab_house.own_database()
    web.use_database()
    readers = lab_house.fill(patients=PATIENTS)
    _alone(report, small=small)
    with lab_house.house() as house:
        _warm_up(house)
        done = _ingest(report, house, count)
        _inbox(report, house, readers[1], messages=int(RATE * seconds), reminders=reminders)
    lab_inboxes.measure(report, readers[0], seconds=5.0 if small else 20.0)
    report.notes += [
        AIMS,
        f"{done:,} messages of {len(lab_messages.RESULTS)} results over {LANES} connections; ingest.rps"
        " counts until the last is filed, ack.rps until the last is acknowledged.",
        "cpu_ms is all processes and Postgres, clinicians' tasks, release decisions and notices included;"
        " parse and normalise are those steps alone in one process, store is the rest.",
        f"inbox and critical: {RATE:.0f} messages/s while {reminders:,} reminders fall due.",
    ]


def _load(plan: LabPlan) -> LabRun:
    with tempfile.NamedTemporaryFile(suffix=".plan") as file:
        file.write(pickle.dumps(plan))
        file.flush()
        ran = subprocess.run(
            [sys.executable, "-m", "tests.bench.lab_load", file.name], stdout=subprocess.PIPE, check=True
        )
    found: LabRun = pickle.loads(ran.stdout)  # noqa: S301 - from our own child
    return found


def _lanes(messages: list[bytes]) -> list[list[bytes]]:
    return [messages[lane::LANES] for lane in range(LANES)]


def _alone(report: Report, *, small: bool) -> None:
    """The pure steps by themselves: CPU of this process, nothing beside it."""
    raws = lab_messages.messages(range(1_000), prefix="S", ordered_by="1111", patients=PATIENTS)
    turns = 4 if small else 20
    report.set("split.rps", 1 / _cpu(splitter.split, raws, turns), 0)
    (sender,) = senders.list_active()
    arrivals = [Arrival(raw=raw, candidates=(sender,), received_at=clock.now()) for raw in raws]
    report.set("ingest.parse_ms", _cpu(lambda each: judge(each, splitter.LIMITS), arrivals, turns) * 1000)
    split = [splitter.split(raw) for raw in raws]
    report.set("ingest.normalise_ms", _cpu(lambda each: oru.reports(each, sender=sender), split, 2) * 1000)


def _cpu(step: Callable[[Any], object], values: Sequence[Any], turns: int) -> float:
    began = time.process_time()
    for _ in range(turns):
        for value in values:
            step(value)
    return (time.process_time() - began) / (turns * len(values))


def _warm_up(house: lab_house.House) -> None:
    raws = lab_messages.messages(range(PATIENTS), prefix="W", ordered_by="1111", patients=PATIENTS)
    _load(LabPlan(house.port, _lanes(raws), seconds=REST))
    _wait_until_idle(IDLE)


def _ingest(report: Report, house: lab_house.House, count: int) -> int:
    """As many messages as the time allows, up to ``count``: how many it were."""
    raws = lab_messages.messages(range(count), prefix="M", ordered_by="1111", patients=PATIENTS)
    before, warm, began = house.cpu_seconds(), _filed(), time.monotonic()
    done = _load(LabPlan(house.port, _lanes(raws), seconds=LOAD))
    sent = len(done.latencies)
    _wait(lambda: _filed() >= warm + sent, REST)
    filed, seconds = max(1, _filed() - warm), time.monotonic() - began
    idle = _wait_until_idle(IDLE)
    spent = {name: value - before[name] for name, value in house.cpu_seconds().items()}
    report.set("ingest.rps", filed / seconds, 1)
    report.set("ack.rps", sent / done.seconds, 1)
    latencies = sorted(done.latencies)
    for label, share in (("p50", 0.5), ("p99", 0.99)):
        report.set(f"ack.{label}_ms", percentile(latencies, share) * 1000, 2)
    done_at_last = max(1, _filed() - warm)
    total = sum(spent.values()) / done_at_last * 1000
    report.set("ingest.cpu_ms", total)
    for name, value in spent.items():
        report.set(f"ingest.{name}_cpu_ms", value / done_at_last * 1000)
    known = report.figures["ingest.parse_ms"] + report.figures["ingest.normalise_ms"]
    report.set("ingest.store_ms", total - known)
    if sent < count:
        report.notes.append(f"cut: {sent:,} of {count:,} messages were sent within {LOAD:.0f} s")
    if filed < sent:
        report.notes.append(f"cut: {filed:,} of {sent:,} were filed {REST:.0f} s after the last was sent")
    if not idle:
        report.notes.append(f"cut: what follows on reports was not done {IDLE:.0f} s later")
    if done.refused:
        report.notes.append(f"{done.refused} messages were not accepted")
    say(f"ingest: {filed / seconds:.0f}/s filed, {sent / done.seconds:.0f}/s stored, {total:.2f} ms")
    return sent


def _inbox(report: Report, house: lab_house.House, reader: UUID, *, messages: int, reminders: int) -> None:
    """From the moment a message was due to leave until the reader's inbox shows it."""
    _queue_reminders(reminders)
    raws = lab_messages.messages(
        range(messages), prefix="I", ordered_by=lab_house.READERS[1], patients=PATIENTS,
        critical_each=CRITICAL_EACH,
    )  # fmt: skip
    watch = _Watch(reader, messages, seconds=messages / RATE + 2 * SEEN)
    watch.start()
    done = _load(LabPlan(house.port, _lanes(raws), rate=RATE, seconds=messages / RATE + SEEN))
    watch.finish_within(SEEN)
    waited = {name: watch.seen[name] - at for name, at in done.sent.items() if name in watch.seen}
    if len(waited) < messages:
        report.notes.append(f"only {len(waited)} of {messages} messages reached the inbox")
    ordinary = sorted(wait for name, wait in waited.items() if int(name[1:]) % CRITICAL_EACH)
    critical = sorted(wait for name, wait in waited.items() if int(name[1:]) % CRITICAL_EACH == 0)
    for label, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        report.set(f"inbox.{label}_ms", percentile(ordinary, share) * 1000, 1)
        report.set(f"critical.{label}_ms", percentile(critical, share) * 1000, 1)
    report.set("ack.p99_ms.c50", percentile(sorted(done.latencies), 0.99) * 1000, 2)
    say(f"inbox: {len(waited)} seen, p50 {percentile(ordinary, 0.5) * 1000:.0f} ms")


class _Watch(threading.Thread):
    """Asks for the newest of the reader's inbox, rank by rank, as its page does, a hundred times a second."""

    def __init__(self, reader: UUID, wanted: int, *, seconds: float) -> None:
        super().__init__(daemon=True)
        self._reader, self._wanted = reader, wanted
        self._ends = time.monotonic() + seconds
        self.seen: dict[str, float] = {}

    def finish_within(self, seconds: float) -> None:
        self._ends = min(self._ends, time.monotonic() + seconds)
        self.join()

    def run(self) -> None:
        with connection.cursor() as cursor:
            while len(self.seen) < self._wanted and time.monotonic() < self._ends:
                now = time.time()
                for rank in (0, 1, 2):
                    cursor.execute(_NEWEST, [self._reader, rank])
                    for (identity,) in cursor.fetchall():
                        self.seen.setdefault(identity.split("|")[1], now)
                time.sleep(0.01)
        connection.close()


_NEWEST = """
SELECT r.identity FROM labs_reviewtask t JOIN labs_report r ON r.id = t.report_id
WHERE t.holder_id = %s AND t.state = 'open' AND t.rank = %s ORDER BY t.opened_at DESC LIMIT 150
"""


def _queue_reminders(count: int) -> None:
    from django.db import transaction

    from steadwell.outbox import service as outbox

    now = clock.now()
    with transaction.atomic():
        for first in range(0, count, 5_000):
            outbox.schedule_many(
                [
                    outbox.NewDueRow(
                        kind="scheduling.reminder", key=f"bench:{number}", about=uuid4(), due_at=now,
                        payload={"version": "1", "minutes": "60"},
                    )
                    for number in range(first, min(first + 5_000, count))
                ],
                now=now,
            )  # fmt: skip


def _filed() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM fhir_facade_hl7outcome")
        return int(cursor.fetchone()[0])


def _wait_until_idle(seconds: float) -> bool:
    def idle() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT NOT EXISTS (SELECT FROM outbox_outboxdelivery"
                " WHERE state IN ('waiting', 'handed', 'running') AND queue = ANY(%s))",
                [list(lab_house.WORKING)],  # what hears of patients elsewhere has no worker in this house
            )
            return bool(cursor.fetchone()[0])

    return _wait(idle, seconds)


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if done():
            return True
        time.sleep(0.2)
    return done()
