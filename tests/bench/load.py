"""A lean load client: one process, plain sockets, closed loop. Run as ``python -m tests.bench.load PLAN``.

The plan is a pickle of ``Plan``: for each connection the requests it sends one after the other, as bytes. The
answer on standard output is a pickle of ``Run``. It shares the machine's cores with what it measures, so it
does next to nothing per answer: it finds the end of the body, the status, and the time.
"""

from __future__ import annotations

import pickle
import selectors
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 30.0  # seconds to wait for the last answers


@dataclass(slots=True)
class Plan:
    """``lanes``: one per connection. Lanes end when they are empty or ``seconds`` have passed."""

    port: int
    lanes: list[list[bytes]]
    seconds: float
    close_each: bool = False


@dataclass(slots=True)
class Run:
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    samples: dict[int, bytes] = field(default_factory=dict)  # the first answer of each status, to look at
    locations: Counter[bytes] = field(default_factory=Counter)
    failures: int = 0


class Lane:
    """One connection and what it still has to send."""

    __slots__ = ("answer", "body_end", "port", "requests", "sent_at", "socket")

    def __init__(self, port: int, requests: list[bytes]) -> None:
        self.port = port
        self.requests = iter(requests)
        self.answer = bytearray()
        self.body_end = -1
        self.sent_at = 0.0
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send_next(self) -> bool:
        request = next(self.requests, None)
        if request is None:
            return False
        self.answer.clear()
        self.body_end = -1
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)
        return True

    def read(self) -> bool:
        """Whether the answer is complete."""
        piece = self.socket.recv(262_144)
        if not piece:
            raise ConnectionResetError
        self.answer += piece
        if self.body_end < 0:
            head_end = self.answer.find(b"\r\n\r\n")
            if head_end < 0:
                return False
            self.body_end = self._body_end(head_end)
        if self.body_end:
            return len(self.answer) >= self.body_end
        return self.answer.endswith(b"0\r\n\r\n")

    def _body_end(self, head_end: int) -> int:
        """Where the body ends; 0 for a chunked one."""
        head = self.answer[:head_end].lower()
        at = head.find(b"\r\ncontent-length:")
        if at < 0:
            return 0 if b"transfer-encoding: chunked" in head else head_end + 4
        return (
            head_end
            + 4
            + int(head[at + 17 : head.find(b"\r\n", at + 2) if head.find(b"\r\n", at + 2) > 0 else None])
        )

    def status(self) -> int:
        return int(self.answer[9:12])


def drive(plan: Plan) -> Run:
    run, ready = Run(), selectors.DefaultSelector()
    lanes = [Lane(plan.port, requests) for requests in plan.lanes]
    for lane in lanes:
        ready.register(lane.socket, selectors.EVENT_READ, lane)
    started = time.perf_counter()
    ends = started + plan.seconds
    live = sum(lane.send_next() for lane in lanes)
    while live:
        answered = ready.select(timeout=1)
        if not answered and time.perf_counter() > ends + PATIENCE:
            run.failures += live  # the server took them and says nothing
            break
        for key, _ in answered:
            lane: Lane = key.data
            try:
                if not lane.read():
                    continue
            except OSError:
                run.failures += 1
                ready.unregister(lane.socket)
                live -= 1
                continue
            now = time.perf_counter()
            _note(run, lane, now - lane.sent_at)
            if now > ends or not lane.send_next():
                ready.unregister(lane.socket)
                live -= 1
    run.seconds = time.perf_counter() - started
    for lane in lanes:
        lane.socket.close()
    return run


def _note(run: Run, lane: Lane, seconds: float) -> None:
    status = lane.status()
    run.latencies.append(seconds)
    run.statuses[status] += 1
    if status not in run.samples:
        run.samples[status] = bytes(lane.answer[:20_000])
    if 300 <= status < 400:
        at = lane.answer.lower().find(b"\r\nlocation:")
        run.locations[bytes(lane.answer[at + 11 : lane.answer.find(b"\r\n", at + 2)]).strip()] += 1


if __name__ == "__main__":
    from tests.bench import load  # so that the answer's classes are those of the one who asks

    plan = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 - from our own parent
    sys.stdout.buffer.write(pickle.dumps(load.drive(plan)))
