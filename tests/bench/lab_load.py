"""Laboratories as a load: ``python -m tests.bench.lab_load PLAN``, a process of its own.

Each lane is one connection that waits for its acknowledgement, as MLLP has it. With ``rate`` messages leave
at fixed moments whatever the answers do, so that a slow answer cannot hide behind a slow question.
"""

from __future__ import annotations

import pickle
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from fhir_facade.hl7v2.frames import END, frame


@dataclass(slots=True)
class LabPlan:
    port: int
    lanes: list[list[bytes]]
    rate: float = 0.0  # messages a second over all lanes; 0: as fast as answers come
    seconds: float = 600.0  # after that nothing more is sent


@dataclass(slots=True)
class LabRun:
    """``sent``: control id to the moment (``time.time``) its message was due to leave."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    sent: dict[str, float] = field(default_factory=dict)
    refused: int = 0


def run(plan: LabPlan) -> LabRun:
    done = LabRun()
    began = time.time() + 0.05
    threads = [
        threading.Thread(target=_lane, args=(plan, number, began, done)) for number in range(len(plan.lanes))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.seconds = time.time() - began
    return done


def _lane(plan: LabPlan, number: int, began: float, done: LabRun) -> None:
    with socket.create_connection(("127.0.0.1", plan.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for turn, raw in enumerate(plan.lanes[number]):
            due = time.time()
            if due - began > plan.seconds:
                return
            if plan.rate:
                due = began + (turn * len(plan.lanes) + number) / plan.rate
                time.sleep(max(0.0, due - time.time()))
            connection.sendall(frame(raw))
            answer = b""
            while END not in answer:
                answer += connection.recv(65536)
            done.latencies.append(time.time() - due)
            done.sent[raw.split(b"|", 10)[9].decode()] = due
            done.refused += b"MSA|AA" not in answer


if __name__ == "__main__":
    from tests.bench import lab_load  # by its name, which is what the pickles say

    plan: LabPlan = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 - from our own parent
    sys.stdout.buffer.write(pickle.dumps(lab_load.run(plan)))
