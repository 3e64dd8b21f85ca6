"""``python3 manage.py status``: what runs, how deep the queues are, and how old their oldest work is."""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from steadwell.launcher import folders, progress, running

NOTHING_RUNS = 3  # as systemctl says it
# Where somebody else starts the processes, as in a container, these say what there is to look at.
GIVEN = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}


def run(arguments: list[str]) -> int:
    """Print the state. The exit status is 0 when it runs, 3 when nothing does.

    Beside servers that were given it knows no processes, only what those servers say.
    """
    parser = argparse.ArgumentParser(
        prog="python3 manage.py status", description="What runs on this machine."
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--data-dir", metavar="FOLDER", help="the folder that was given to up")
    options = parser.parse_args(arguments)
    data = folders.data_folder(options.data_dir)
    state = running.find(data)
    if state is None and os.environ.keys() >= GIVEN:
        return _say_of_given(as_json=options.json)
    if state is None:
        words = f"Nothing runs on the data in {data}. Start it with: python3 manage.py up"
        progress.say(json.dumps({"running": False, "data": str(data)}) if options.json else words)
        return NOTHING_RUNS
    report = _report(data, state)
    progress.say(json.dumps(report, indent=2) if options.json else _as_text(report))
    return 0


def _say_of_given(*, as_json: bool) -> int:
    from steadwell.config import programs

    report = programs.report_services()
    progress.say(json.dumps(report, indent=2) if as_json else "\n".join(_services_as_text(report)))
    return 0 if report["services"]["postgres"]["state"] == "answers" else NOTHING_RUNS


def _report(data: Path, state: running.State) -> dict[str, Any]:
    for variable, value in state.environment.items():
        os.environ[variable] = value
    from steadwell.config import programs

    now = time.time()
    return {
        "running": True,
        "address": state.address,
        "data": str(data),
        "pid": state.pid,
        "uptime_seconds": round(now - state.started_at, 1),
        "processes": [
            {
                "name": process.name,
                "pid": process.pid,
                "state": "running" if process.pid else "waiting to start again",
                "uptime_seconds": round(now - process.since, 1) if process.pid else 0,
                "restarts": process.restarts,
                "memory_mb": _memory(process.pid),
            }
            for process in state.processes
        ],
        **programs.report_services(),
    }


def _memory(pid: int | None) -> float | None:
    """Its own share in MB: what is shared with the other forks is counted once among them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return next((round(int(line.split()[1]) / 1024, 1) for line in lines if line.startswith("Pss:")), None)


def _as_text(report: dict[str, Any]) -> str:
    lines = [f"Steadwell runs at {report['address']} since {_span(report['uptime_seconds'])}."]
    lines += ["", f"  {'process':<30} {'pid':>7} {'up':>9} {'restarts':>9} {'MB':>6}"]
    for process in report["processes"]:
        memory = "" if process["memory_mb"] is None else f"{process['memory_mb']:.0f}"
        since = _span(process["uptime_seconds"]) if process["pid"] else "waiting"
        lines.append(
            f"  {process['name']:<30} {process['pid'] or '-':>7} {since:>9}"
            f" {process['restarts']:>9} {memory:>6}"
        )
    return "\n".join([*lines, *_services_as_text(report)])


def _services_as_text(report: dict[str, Any]) -> list[str]:
    lines = ["", f"  {'service':<26} state"]
    lines += [f"  {name:<26} {service['state']}" for name, service in report["services"].items()]
    lines += ["", f"  {'queue':<30} {'waiting':>8} {'oldest':>9}"]
    for name, queue in report["queues"].items():
        oldest = _span(queue["oldest_seconds"]) if queue["depth"] else "-"
        lines.append(f"  {name:<30} {queue['depth']:>8} {oldest:>9}")
    if hl7 := report.get("hl7"):
        lines += ["", f"  HL7 messages at {hl7['address']}: {hl7['received_last_hour']} in the last hour,"]
        lines[-1] += f" {hl7['set_aside']} set aside for a person"
    return lines


def _span(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
