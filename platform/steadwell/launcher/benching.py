"""``python3 manage.py bench NAME``: a measurement on services of its own, durable as in production."""

from __future__ import annotations

from steadwell.launcher import testing


def run(arguments: list[str]) -> int:
    """Start the services, migrate, run ``python -m tests.bench``. Returns its status."""
    return testing.with_own_services(["-m", "tests.bench", *arguments], durable=True, settings="dev")
