"""Many callers at one moment, each on its own connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

from steadwell.errors import Refusal


def all_at_once(calls: Sequence[Callable[[], Any]], *, most: int = 50) -> list[Any]:
    """Run every call in its own thread, at most so many at a time; answers results or refusals, in order."""
    results: list[Any] = [None] * len(calls)
    gate, places = threading.Event(), threading.Semaphore(most)

    def run(number: int) -> None:
        gate.wait()
        with places:
            try:
                results[number] = calls[number]()
            except Refusal as refusal:
                results[number] = refusal
            except BaseException as error:
                results[number] = error
                raise
            finally:
                connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    return results


def codes(results: Sequence[Any]) -> dict[str, int]:
    """How many of each: refusals by code, everything else as ``won``."""
    counted: dict[str, int] = {}
    for result in results:
        code = result.code if isinstance(result, Refusal) else "won"
        counted[code] = counted.get(code, 0) + 1
    return counted


def overlapping_claims() -> int:
    """Pairs of claims that the constraint should have kept apart."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM scheduling_claim a JOIN scheduling_claim b ON a.claimant_id = b.claimant_id"
            " AND a.id < b.id AND a.during && b.during AND NOT a.overbooked AND NOT b.overbooked"
        )
        return int(cursor.fetchone()[0])
