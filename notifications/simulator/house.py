"""All simulated providers in one process, each on a port of its own, and the one that controls them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http.client import HTTPConnection
from urllib.parse import urlsplit

import orjson

from notifications.simulator.behaviour import Behaviour, Handset, Keep, Provider
from notifications.simulator.providers import (
    DEVICE_AUTH,
    DEVICE_KEY,
    Call,
    HttpProvider,
    MailProvider,
    PushService,
    SmsProvider,
    SmtpProvider,
)
from notifications.simulator.wire import Reply, Request, serve

LATE_SECONDS = 5.0
NAMES = (
    ("sms-a", "sms"), ("sms-b", "sms"), ("mail-a", "email"), ("mail-b", "email"),
    ("smtp-a", "email"), ("smtp-b", "email"), ("push", "push"),
)  # fmt: skip
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class House:
    """``port`` 0 takes any free ones; else the control has it and the providers those that follow.

    ``ports``: each one's own instead; providers that are not among them are left out. ``behaviours``: how
    some begin. ``keep``: see ``Handset``.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        ports: Mapping[str, int] | None = None,
        behaviours: Mapping[str, Behaviour] | None = None,
        keep: Keep | None = None,
    ) -> None:
        names = [name for name, _ in NAMES if ports is None or name in ports]
        self._wanted = ports or {
            name: port + offset if port else 0 for offset, name in enumerate(["control", *names])
        }
        self.handset = Handset(keep=keep)
        self.providers = {name: Provider(name, channel) for name, channel in NAMES if name in names}
        for name, behaviour in (behaviours or {}).items():
            self.providers[name].behaviour = behaviour
        self.ports: dict[str, int] = {}
        self._serving: dict[str, Serve] = {}
        self._servers: dict[str, asyncio.Server] = {}
        self._lines: dict[str, set[asyncio.StreamWriter]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, ready: Callable[[dict[str, int]], None]) -> None:
        for name, provider in self.providers.items():
            self._serving[name] = self._protocol(provider)
        self._serving["control"] = lambda reader, writer: serve(reader, writer, self.control)
        for name in ["control", *self.providers]:
            await self._open(name, self._wanted[name])
        ready(self.ports)
        await asyncio.Event().wait()

    def _protocol(self, provider: Provider) -> Serve:
        if provider.name.startswith("smtp"):
            return SmtpProvider(provider, self.handset).serve
        made: HttpProvider
        if provider.channel == "sms":
            made = SmsProvider(provider, self.handset, self.report)
        elif provider.channel == "push":
            made = PushService(provider, self.handset, self.report)
        else:
            made = MailProvider(provider, self.handset, self.report)
        return lambda reader, writer: serve(reader, writer, made.answer)

    async def _open(self, name: str, port: int) -> None:
        lines = self._lines.setdefault(name, set())

        async def serving(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            lines.add(writer)
            try:
                await self._serving[name](reader, writer)
            except asyncio.CancelledError:
                pass  # the process ends; nobody waits for this line
            finally:
                lines.discard(writer)

        server = await asyncio.start_server(serving, "127.0.0.1", port, backlog=512)
        self._servers[name] = server
        self.ports[name] = int(server.sockets[0].getsockname()[1])

    async def control(self, request: Request) -> Reply:
        """``POST /behave/NAME`` with what changes; ``GET /arrivals?after=N``, ``/state``; ``/forget``."""
        path, _, query = request.target.partition("?")
        if request.method == "POST" and path.startswith("/behave/"):
            return await self._behave(path.removeprefix("/behave/"), orjson.loads(request.body))
        if path == "/arrivals":
            after = int(dict(part.split("=") for part in query.split("&") if "=" in part).get("after", 0))
            return Reply(200, orjson.dumps(self.handset.arrivals[after:]))
        if path == "/state":
            return Reply(200, orjson.dumps(self._state(), option=orjson.OPT_NON_STR_KEYS))
        if request.method == "POST" and path == "/forget":
            self.handset.arrivals.clear()
            for provider in self.providers.values():
                provider.known.clear()
                provider.seconds.clear()
                provider.open.clear()  # also what hangs: nobody waits for it any more
                provider.asked = provider.most_open = 0
            return Reply(204)
        return Reply(404, b"{}")

    def _state(self) -> dict[str, object]:
        return {
            "ports": self.ports,
            "arrived": len(self.handset.arrivals),
            "asked": {name: each.asked for name, each in self.providers.items()},
            "most_open": {name: each.most_open for name, each in self.providers.items()},
            "seconds": {name: each.seconds for name, each in self.providers.items()},
            "reporting": len(self._tasks),
            "device": {"public_key": DEVICE_KEY, "auth": DEVICE_AUTH},
        }

    async def _behave(self, name: str, wanted: dict[str, object]) -> Reply:
        if name not in self.providers:
            return Reply(404, b"{}")
        behaviour = self.providers[name].behaviour
        refused = behaviour.mode == "refuse"
        try:
            behaviour.change(wanted)
        except ValueError as error:
            return Reply(400, orjson.dumps({"why": str(error)}))
        if behaviour.mode == "refuse" and not refused:
            server = self._servers[name]
            server.close()
            for writer in list(self._lines.get(name, ())):
                writer.transport.abort()
        if refused and behaviour.mode != "refuse":
            await self._open(name, self.ports[name])
        return Reply(204)

    def report(self, provider: Provider, calls: Sequence[Call]) -> None:
        behaviour = provider.behaviour
        if behaviour.report == "none" or behaviour.mode == "drop":
            return
        delay = LATE_SECONDS if behaviour.report == "late" else behaviour.report_seconds
        task = asyncio.create_task(_tell(calls, delay, 2 if behaviour.report == "twice" else 1))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _tell(calls: Sequence[Call], delay: float, times: int) -> None:
    await asyncio.sleep(delay)
    for call in calls:
        headers = {"Content-Type": call.kind, **call.signed(int(time.time()))}
        for _ in range(times):
            await asyncio.to_thread(_post, call.url, call.body, headers)


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    parts = urlsplit(url)
    for turn in range(5):
        line = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=30)
        try:
            line.request("POST", parts.path, body, dict(headers))
            if line.getresponse().status < 500:
                return
        except OSError:
            pass  # as providers do: it tries again
        finally:
            line.close()
        threading.Event().wait(0.5 * 2**turn)
