"""Which programs a running Steadwell consists of, and how each one is started."""

from __future__ import annotations

import http.client
import os
import signal
import time
from collections.abc import Callable

from steadwell.config.queues import QUEUES
from steadwell.launcher import processes
from steadwell.launcher.embedded import Services
from steadwell.launcher.folders import Folders
from steadwell.launcher.partners import CONTROL, Partners
from steadwell.launcher.supervision import Program

Body = Callable[[], None]


def programs(
    services: Services, folders: Folders, *, listener: int, hl7: int, partners: Partners | None = None
) -> list[Program]:
    """All of them. Postgres and Valkey, where they are ours, run already."""
    started = list(services.processes)
    found: list[Program] = []
    if services.cluster:
        found.append(
            Program(name="postgres", stage=0, launch=services.cluster.launch, log=services.cluster.log,
                    stop_signal=signal.SIGINT, patience=30.0, process=started.pop(0))
        )  # fmt: skip
    if services.bell:
        found.append(
            Program(name="valkey", stage=1, launch=services.bell.launch, log=services.bell.log,
                    process=started.pop(0))
        )  # fmt: skip
    if partners:
        found.append(_forked("providers", 2, providers(partners.port(CONTROL)), folders))
    found += [_forked(f"worker {queue}", 2, worker(queue), folders) for queue in QUEUES]
    found += [_forked(name, 2, command(name), folders) for name in ("relay", "poller")]
    found.append(_forked("mllp", 2, mllp(hl7), folders))
    return [*found, _forked("web", 3, web(listener), folders)]


def _forked(name: str, stage: int, body: Body, folders: Folders) -> Program:
    log = folders.log(name.replace(" ", "-"))
    title = "sw-" + name.removeprefix("worker ")
    return Program(name=name, stage=stage, log=log, launch=lambda: processes.fork(title, body, log=log))


def web(listener: int) -> Body:
    def body() -> None:
        from steadwell.config import programs

        programs.web(listener=listener, adopt=processes.die_with_parent(signal.SIGTERM))

    return body


def mllp(listener: int) -> Body:
    def body() -> None:
        from steadwell.config import programs

        programs.mllp(listener=listener)

    return body


def providers(control: int) -> Body:
    def body() -> None:
        from steadwell.config import programs

        programs.providers(control=control)

    return body


def worker(queue: str) -> Body:
    def body() -> None:
        from steadwell.config import programs

        programs.worker(queue=queue)

    return body


def command(name: str) -> Body:
    def body() -> None:
        from steadwell.config import programs

        programs.command(name=name)

    return body


def migrate(owner_url: str) -> Body:
    def body() -> None:
        os.environ["DATABASE_URL"] = owner_url
        from steadwell.config import programs

        programs.migrate()

    return body


def ask_until_live(port: int) -> int:
    """For a child: 0 when the web answers, 1 when it never does."""
    ends = time.monotonic() + 180
    while time.monotonic() < ends:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/healthz/live")
            return 0 if connection.getresponse().status == 200 else 1
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    return 1
