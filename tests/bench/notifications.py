"""``bench notifications``: text messages from the row that is due to the provider that has it.

Providers are simulated by a process of its own on real sockets; its CPU is not counted, but it shares the
machine. Sending is relay, workers and Postgres. ``bare`` is a Celery task per message that makes the same
HTTP call and nothing else: no ledger, no choice, no proof.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from uuid import UUID

from tests.bench import lab_house, message_house, web
from tests.bench.figures import Report, percentile, say
from tests.bench.message_house import House

LANES = ("standard", "bulk", "urgent")
PATIENTS = 2_000
DRAIN_RATE = 40.0  # messages a second while a provider misbehaves
URGENT_RATE = 10.0
LIMIT = 40.0  # seconds for each part
MATRIX = {"error": "error", "hang": "hang", "slow": "slow", "refuse": "refuse", "drop": "drop"}


def run(report: Report, *, small: bool) -> None:
    count, waiting, seconds = (1_500, 10_000, 8.0) if small else (10_000, 100_000, 12.0)
    lab_house.own_database()
    web.use_database()
    people = message_house.fill(patients=PATIENTS)
    with message_house.house() as house:
        _bare(report, house, count)
        _warm_up(house, people)
        for lane in LANES:
            _send(report, house, people, lane, count)
        for name, mode in MATRIX.items():
            _drain(report, house, people, name=name, mode=mode, seconds=seconds)
        _urgent(report, house, people, waiting=waiting, seconds=10.0 if small else 25.0)
    figures = report.figures
    report.set("send.ratio_to_bare", figures["send.cpu_ms"] / figures["bare.cpu_ms"], 2)
    report.notes += [
        f"{count:,} messages per lane, {waiting:,} bulk messages waiting before the urgent ones are told.",
        "send.cpu_ms: relay, workers and Postgres together, from due to accepted; tell.cpu_ms: writing the"
        " row and its promise, in batches of 500, this process and Postgres.",
        "bare.cpu_ms: worker and publisher of one Celery task per message with the same HTTP client.",
        f"drain_s: {DRAIN_RATE:.0f} messages/s by two providers of equal weight; seconds from one going wrong"
        " until at most 1 % of the calls begun later went to it, one probe in five seconds aside.",
        f"drain_s.drop: providers report deliveries within {message_house.REPORT_SECONDS} s; without reports"
        " accept-and-drop is not seen.",
        "opened_s: from going wrong until its breaker opened.",
        "return_s: from being well again until its breaker closed.",
    ]


def _bare(report: Report, house: House, count: int) -> None:
    before, own, began = house.cpu_seconds(), time.process_time(), time.monotonic()
    message_house.publish_bare(house.simulator, count)
    own = (time.process_time() - own) / count * 1000
    _wait(lambda: house.simulator.state()["arrived"] >= count, LIMIT)
    done, seconds, spent = house.simulator.state()["arrived"], time.monotonic() - began, house.spent(before)
    report.set("bare.rps", done / seconds, 1)
    report.set("bare.worker_cpu_ms", spent["bare"] / done * 1000)
    report.set("bare.cpu_ms", spent["bare"] / done * 1000 + own)
    message_house.purge("default")
    time.sleep(1.0)
    house.simulator.forget()
    say(f"bare: {done} in {seconds:.0f} s, {report.figures['bare.cpu_ms']:.2f} ms")


def _warm_up(house: House, people: Sequence[UUID]) -> None:
    for lane in LANES:
        message_house.tell(people, lane, 100)
    _wait(_is_all_sent, LIMIT)
    house.simulator.forget()


def _send(report: Report, house: House, people: Sequence[UUID], lane: str, count: int) -> None:
    before, own, began = house.cpu_seconds(), time.process_time(), time.monotonic()
    told = message_house.tell(people, lane, count)
    own = time.process_time() - own
    _wait(_is_all_sent, LIMIT)
    seconds, spent = time.monotonic() - began, house.spent(before)
    message_house.give_up()
    _wait(_is_all_sent, 10.0)
    arrived = [each["key"] for each in house.simulator.arrivals()]
    done = len(set(arrived) & told.keys())
    if done < count or len(arrived) != done:
        report.notes.append(f"{lane}: {len(arrived)} arrivals, {done} of {count} messages in time")
    total = sum(value for name, value in spent.items() if name not in {"bare", "web"}) / done * 1000
    report.set(f"send.rps.{lane}", done / seconds, 1)
    report.set(f"send.cpu_ms.{lane}", total)
    for name in ("relay", lane, "postgres"):
        report.set(f"send.{'worker' if name == lane else name}_cpu_ms.{lane}", spent[name] / done * 1000)
    if lane == "standard":
        report.set("send.rps", done / seconds, 1)
        report.set("send.cpu_ms", total)
        report.set("tell.cpu_ms", own / count * 1000)
    house.simulator.forget()
    say(f"{lane}: {done / seconds:.0f}/s, {total:.2f} ms")


def _drain(
    report: Report, house: House, people: Sequence[UUID], *, name: str, mode: str, seconds: float
) -> None:
    message_house.make_well()
    reports = mode == "drop"  # taken and lost shows by what is not reported
    for provider in ("sms-a", "sms-b"):
        house.simulator.behave(provider, report="once" if reports else "none")
    message_house.tell_steadily(people, "standard", rate=DRAIN_RATE, seconds=9.0 if reports else 3.0)
    went_wrong = time.time()
    house.simulator.behave("sms-a", mode=mode)
    message_house.tell_steadily(people, "standard", rate=DRAIN_RATE, seconds=seconds)
    if not _wait(lambda: message_house.count_untried(since=went_wrong) == 0, 10.0):
        report.notes.append(f"{name}: some messages were not tried with anybody yet")
    house.simulator.behave("sms-a", mode="ok")
    well = time.monotonic()
    before = [was for _, was in message_house.tried_with("sms-a", since=went_wrong - 3.0, seconds=3.0)]
    if not 0.2 < sum(before) / max(1, len(before)) < 0.8:
        report.notes.append(f"{name}: {sum(before)} of {len(before)} calls went that way before")
    tried = message_house.tried_with("sms-a", since=went_wrong)
    report.set(f"drain_s.{name}", _moved_after(tried, seconds), 2)
    opened = message_house.opened_after("sms-a", since=went_wrong)
    if opened is None:
        report.notes.append(f"{name}: its breaker did not open")
    else:
        report.set(f"opened_s.{name}", opened, 2)
    while not message_house.is_closed("sms-a") and time.monotonic() - well < 15:
        message_house.tell_steadily(people, "standard", rate=DRAIN_RATE, seconds=0.5)
    report.set(f"return_s.{name}", time.monotonic() - well, 2)
    _wait(_is_all_sent, 15.0)
    say(f"{name}: moved after {report.figures[f'drain_s.{name}']} s")


def _moved_after(tried: Sequence[tuple[float, bool]], seconds: float) -> float:
    """The first quarter of a second after which at most one call in a hundred went there, or as many as
    probes are sent in that time, where traffic is so thin that these are more.
    """
    last = tried[-1][0] if tried else 0.0
    for quarter in range(int(seconds * 4)):
        later = [was for at, was in tried if at >= quarter / 4]
        probes = 1 + int((last - quarter / 4) / 4)
        if later and sum(later) <= max(len(later) / 100, probes):
            return quarter / 4
    return seconds


def _urgent(report: Report, house: House, people: Sequence[UUID], *, waiting: int, seconds: float) -> None:
    message_house.make_well()
    house.simulator.forget()
    message_house.pile_up(people, waiting)
    say(f"{waiting:,} bulk messages wait")
    at = message_house.tell_steadily(people, "urgent", rate=URGENT_RATE, seconds=seconds)
    left = message_house.count_waiting("bulk")
    _wait(lambda: message_house.count_waiting("urgent") == 0, LIMIT)
    arrived = {each["key"]: each["at"] for each in house.simulator.arrivals() if each["key"] in at}
    waited = sorted(arrived[key] - told for key, told in at.items() if key in arrived)
    for label, share in (("p50", 0.5), ("p99", 0.99)):
        report.set(f"urgent.{label}_ms", percentile(waited, share) * 1000, 1)
    report.set("urgent.bulk_left", left, 0)
    if len(waited) < len(at):
        report.notes.append(f"only {len(waited)} of {len(at)} urgent messages arrived")
    say(f"urgent: p99 {report.figures['urgent.p99_ms']:.0f} ms, {left:,} bulk messages still waiting")


def _is_all_sent() -> bool:
    return message_house.count_waiting() == 0


def _wait(asks: Callable[[], bool], limit: float) -> bool:
    """Whether it came true in time: a slow machine makes a smaller measurement, not an endless one."""
    ends = time.monotonic() + limit
    while time.monotonic() < ends:
        if asks():
            return True
        time.sleep(0.1)
    return False
