"""What is reported: one flat object of numbers by dotted name."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from math import isnan
from urllib.request import urlopen

from tests.bench import limits, load
from tests.bench.load import Plan, Run
from tests.bench.web import Server


@dataclass(slots=True)
class Report:
    bench: str
    figures: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def set(self, name: str, value: float, digits: int = 3) -> None:
        if not isnan(value):  # nothing was measured: the notes say why
            self.figures[name] = round(value, digits)

    def as_json(self) -> dict[str, object]:
        return {"bench": self.bench, "figures": self.figures, "notes": self.notes}


def say(text: str) -> None:
    """How far it is, beside the answer on standard output."""
    print(text, file=sys.stderr, flush=True)


def percentile(sorted_values: list[float], share: float) -> float:
    if not sorted_values:
        return float("nan")
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def run_load(plan: Plan) -> Run:
    """In a process of its own, so that its interpreter never waits for ours."""
    with tempfile.NamedTemporaryFile(suffix=".plan") as file:
        file.write(pickle.dumps(plan))
        file.flush()
        ran = subprocess.run(
            [sys.executable, "-m", "tests.bench.load", file.name], stdout=subprocess.PIPE, check=True,
            timeout=plan.seconds + 2 * load.PATIENCE,
        )  # fmt: skip
    run: Run = pickle.loads(ran.stdout)  # noqa: S301 - from our own child
    return run


@dataclass(slots=True)
class Spent:
    """What clients saw, and the CPU seconds it took: of several rounds, added up."""

    run: Run = field(default_factory=Run)
    web: float = 0.0
    postgres: float = 0.0

    def drive(self, server: Server, lanes: list[list[bytes]], seconds: float) -> None:
        """One round more."""
        web, postgres = server.web_seconds(), server.postgres_seconds()
        run = run_load(Plan(server.port, lanes, seconds))
        self.web += server.web_seconds() - web
        self.postgres += server.postgres_seconds() - postgres
        self.run.seconds += run.seconds
        self.run.latencies += run.latencies
        self.run.statuses += run.statuses
        self.run.failures += run.failures


def measure(
    report: Report, name: str, server: Server, lanes: list[list[bytes]], *, expect: int, seconds: float
) -> None:
    """Drive the lanes, and note rate, latency and CPU under ``name``. Anything but ``expect`` is told."""
    if not limits.allows(seconds + load.PATIENCE):
        report.notes.append(f"{name} at {len(lanes)} clients: left out, the bench's time was over")
        return
    spent = Spent()
    spent.drive(server, lanes, seconds)
    note(report, name, spent, clients=len(lanes), expect=expect)


def note(report: Report, name: str, spent: Spent, *, clients: int, expect: int) -> None:
    """Rate, latency and CPU under ``name``, and what was not as expected among the notes."""
    run, count = spent.run, len(spent.run.latencies)
    if not count:
        report.notes.append(
            f"{name} at {clients} clients: no answer at all, {run.failures} broken connections"
        )
        return
    good = run.statuses[expect]
    if good != count or run.failures:
        others = {status: n for status, n in run.statuses.items() if status != expect}
        report.notes.append(
            f"{name} at {clients} clients: {others} and {run.failures} broken connections of {count}"
        )
    tail = f"c{clients}"
    latencies = sorted(run.latencies)
    web, postgres = spent.web / count * 1000, spent.postgres / count * 1000
    report.set(f"{name}.rps.{tail}", good / run.seconds, 1)
    for label, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        report.set(f"{name}.{label}_ms.{tail}", percentile(latencies, share) * 1000, 2)
    report.set(f"{name}.web_cpu_ms.{tail}", web)
    report.set(f"{name}.pg_cpu_ms.{tail}", postgres)
    report.set(f"{name}.cpu_ms.{tail}", web + postgres)
    say(
        f"{name} at {clients}: {count} answers, {good / run.seconds:.0f}/s, web {web:.2f} ms, "
        f"Postgres {postgres:.2f} ms, {dict(run.statuses)}"
    )
    if clients == 8:  # the names without a tail are those at 8 clients
        for part in ("cpu_ms", "web_cpu_ms", "pg_cpu_ms"):
            report.figures[f"{name}.{part}"] = report.figures[f"{name}.{part}.{tail}"]


def statements(report: Report, server: Server, name: str, route: str, method: str) -> None:
    """Statements per request so far, as the platform itself counts them; BEGIN and COMMIT apart."""
    with urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    labels = f'{{method="{method}",route="{route}"}} '
    values = {"sum": 0.0, "count": 0.0}
    for line in text.splitlines():
        for part in values:
            if line.startswith(start := f"steadwell_request_statements_{part}{labels}"):
                values[part] = float(line.removeprefix(start))
    if values["count"]:
        report.set(f"{name}.statements", values["sum"] / values["count"], 2)
