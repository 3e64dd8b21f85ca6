"""The provider simulator as a process of its own, and the settings that make it our providers."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from steadwell.launcher import processes

ROOT = Path(__file__).resolve().parents[2]
SECRET = "reports-are-signed-with-this"
MAIL_SECRET = "whsec_cmVwb3J0cy1hcmUtc2lnbmVkLXdpdGgtdGhpcw=="
START_SECONDS = 120
UNHURRIED = 60.0  # seconds for an answer, where no limit is what a test is about
VAPID = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"


@dataclass(frozen=True)
class Simulator:
    """``usual`` is said of every account, unless it says otherwise."""

    ports: Mapping[str, int]
    usual: Mapping[str, Any] = field(default_factory=dict)

    def behave(self, name: str, **how: Any) -> None:
        self._ask(f"/behave/{name}", json.dumps(how).encode())

    def arrivals(self, after: int = 0) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._ask(f"/arrivals?after={after}"))
        return found

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._ask("/state"))
        return found

    def forget(self) -> None:
        """As it was when it started."""
        for name in self.ports:
            if name != "control":
                self.behave(
                    name, mode="ok", answer_seconds=0, lost_answers=0, honours_keys=True, report="none",
                    report_secret=MAIL_SECRET if name.startswith("mail") else SECRET, report_url="",
                    slow_seconds=20,
                )  # fmt: skip
        self._ask("/forget", b"{}")

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        url = f"http://127.0.0.1:{self.ports['control']}{path}"
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=UNHURRIED) as answer:
            found: bytes = answer.read()
            return found

    def sms(self, name: str, **more: Any) -> dict[str, Any]:
        """An entry of NOTIFICATION_PROVIDERS."""
        return {
            "code": name, "channel": "sms", "kind": "sms-form", "url": f"http://127.0.0.1:{self.ports[name]}",
            "user": "AC1", "secret": "token", "sender": "+15550000000", "honours_keys": True, "finds": True,
            **self.usual, **more,
        }  # fmt: skip

    def mail(self, name: str, **more: Any) -> dict[str, Any]:
        return {
            "code": name, "channel": "email", "kind": "mail-http", "dialect": "resend",
            "url": f"http://127.0.0.1:{self.ports[name]}", "secret": "token", "honours_keys": True,
            **self.usual, **more,
        }  # fmt: skip

    def smtp(self, name: str, **more: Any) -> dict[str, Any]:
        url = f"smtp+plain://127.0.0.1:{self.ports[name]}"
        return {"code": name, "channel": "email", "kind": "smtp", "url": url, **self.usual, **more}

    def push(self, **more: Any) -> dict[str, Any]:
        return {
            "code": "push", "channel": "push", "kind": "web-push", "secret": VAPID,
            "sender": "mailto:it@clinic.example", **self.usual, **more,
        }  # fmt: skip


def environment(providers: list[dict[str, Any]]) -> dict[str, str]:
    """The same for a process that reads its environment."""
    found = {"NOTIFICATION_PROVIDERS": ",".join(each["code"] for each in providers)}
    for each in providers:
        start = f"PROVIDER_{each['code'].upper().replace('-', '_')}"
        for name, value in each.items():
            if name not in {"code", "channel"}:
                variable = "FROM" if name == "sender" else name.upper()
                found[f"{start}_{variable}"] = str(int(value) if isinstance(value, bool) else value)
    return found


@contextmanager
def running() -> Iterator[Simulator]:
    child = subprocess.Popen(
        [sys.executable, "manage.py", "simulate", "providers", "--port", "0"], cwd=ROOT, env=dict(os.environ),
        stdout=subprocess.PIPE, preexec_fn=processes.die_with_parent(signal.SIGKILL),
    )  # fmt: skip
    assert child.stdout is not None
    with child.stdout as out:
        try:
            assert select.select([out], [], [], START_SECONDS)[0], "the simulator does not start"
            yield Simulator(json.loads(out.readline()))
        finally:
            child.terminate()
            try:
                child.wait(UNHURRIED)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(UNHURRIED)
