"""``python3 manage.py bench NAME``: a measurement on services of its own, durable as in production.

Their data stays in ``.steadwell/bench``: filling a database with a million visits takes minutes.
"""

from __future__ import annotations

from steadwell.launcher import failures, folders, testing

ELSEWHERE = "measure in a copy of the project elsewhere"


def run(arguments: list[str]) -> int:
    """Start the services, run ``python -m tests.bench``, stop. Returns its status."""
    own = folders.take(folders.ROOT / ".steadwell" / folders.BENCH, ELSEWHERE)
    try:
        return testing.run_beside(
            own.data,
            own.sockets,
            ["-m", "tests.bench", *arguments],
            durable=True,
            settings="dev",
            elsewhere=ELSEWHERE,
        )
    except OSError as error:
        raise failures.explain(error, own.data, ELSEWHERE) from error
    finally:
        own.leave()
