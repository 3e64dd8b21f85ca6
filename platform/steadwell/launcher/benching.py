"""``python3 manage.py bench NAME``: a measurement on services of its own, durable as in production.

Their data stays in ``.steadwell/bench``: filling a database with a million visits takes minutes. On a server
that the environment names it stays there, in databases whose names begin with ``steadwell_bench``.
"""

from __future__ import annotations

import os

from steadwell.launcher import failures, folders, given, testing

ELSEWHERE = "measure in a copy of the project elsewhere"


def run(arguments: list[str]) -> int:
    """Start the services, run ``python -m tests.bench``, stop. Returns its status."""
    addresses = given.kept(given.from_environment(), given.BENCH)
    if "DATABASE_URL" in addresses:
        os.environ["BENCH_DATABASES"] = given.BENCH
    own = folders.take(folders.ROOT / ".steadwell" / folders.BENCH, ELSEWHERE)
    try:
        return testing.run_beside(
            own.data,
            own.sockets,
            ["-m", "tests.bench", *arguments],
            durable=True,
            settings="dev",
            elsewhere=ELSEWHERE,
            # The bench fills and copies databases of its own.
            migrate="DATABASE_URL" not in addresses,
            addresses=addresses,
        )
    except OSError as error:
        raise failures.explain(error, own.data, ELSEWHERE) from error
    finally:
        own.leave()
