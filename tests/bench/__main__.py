"""``python3 manage.py bench NAME [--json] [--seconds N] [--small]``."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from importlib import import_module

import psycopg

from tests.bench import clinic, limits, people, prepare, web
from tests.bench.figures import Report

# Each has a house of its own.
ALONE = ("labs", "notifications", "medications", "fhir")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="manage.py bench", description="Measure, and print one JSON object."
    )
    parser.add_argument("name", choices=("booking", "search", *ALONE))
    parser.add_argument("--json", action="store_true", help="nothing but the object on standard output")
    parser.add_argument("--seconds", type=float, default=6.0, help="per measurement (default 6)")
    parser.add_argument(
        "--small", action="store_true", help="100,000 visits and 60,000 patients, or 2,000 messages, to try"
    )
    parser.add_argument("--storms", type=int, default=50, help="storms on one slot (default 50)")
    given = parser.parse_args(arguments)
    visits, patients = (100_000, 60_000) if given.small else (clinic.VISITS, people.PATIENTS)

    web.set_up()
    report = Report(given.name)
    if given.name in ALONE:
        bench = import_module(f"tests.bench.{given.name}")
        seconds = {"seconds": given.seconds} if given.name == "fhir" else {}
        bench.run(report, small=given.small, **seconds)
        return _tell(report, given.json)
    status = 0
    try:
        limits.begin()
        _measure(report, given, visits=visits, patients=patients)
    except limits.OutOfTime:
        report.notes.append(f"cut off after {limits.TOTAL:.0f} s: what is not here was not measured")
        status = 1
    except (OSError, RuntimeError, subprocess.SubprocessError, psycopg.Error) as error:
        report.notes.append(f"broke off: {type(error).__name__}: {error}")
        status = 1
    limits.over()
    return _tell(report, given.json) or status


def _measure(report: Report, given: argparse.Namespace, *, visits: int, patients: int) -> None:
    from steadwell import clock
    from tests.bench import booking, search

    _say(given.json, f"preparing {visits:,} visits and {patients:,} patients (kept for the next time)")
    report.notes.append(prepare.ready(visits=visits, patients=patients, today=clock.now().date()))
    web.use_database()
    _say(given.json, "measuring")
    bench = {"booking": booking.run, "search": search.run}[given.name]
    bench(report, visits=visits, patients=patients, seconds=given.seconds, storms=given.storms)


def _tell(report: Report, plain: bool) -> int:
    """The one object on standard output."""
    report.notes.append(web.machine())
    print(json.dumps(report.as_json(), indent=None if plain else 1), flush=True)
    return 0


def _say(quiet: bool, text: str) -> None:
    if not quiet:
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
