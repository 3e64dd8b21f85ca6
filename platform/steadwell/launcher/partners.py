"""The demo's outside parties: providers that are simulated beside it, each on a port of its own."""

from __future__ import annotations

import base64
import os
import secrets
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTROL = "control"
NAMED = "NOTIFICATION_PROVIDERS"
# Below the ports that the system gives to callers: else one who calls while nobody listens may meet itself.
PORTS = range(20_000, 32_000)
_REPORTS = {"SECRET": "demo", "REPORT_SECONDS": "10"}  # later than that, it lost the message
_SMS = {"KIND": "sms-form", "USER": "demo", "FROM": "+15550000000", "FINDS": "1", **_REPORTS}
_MAIL = {"KIND": "mail-http", "DIALECT": "resend", **_REPORTS}
PROVIDERS: Mapping[str, Mapping[str, str]] = {
    "sms-a": _SMS,
    "sms-b": _SMS,
    "mail-a": _MAIL,
    "mail-b": _MAIL,
    "push": {"KIND": "web-push", "FROM": "mailto:demo@steadwell.example"},
}


@dataclass(slots=True)
class Partners:
    """Their ports, held as long as this lives: bound, so that nobody else gets one; not listening, so that
    a provider may refuse.
    """

    sockets: dict[str, socket.socket] = field(default_factory=dict)

    def port(self, name: str) -> int:
        return int(self.sockets[name].getsockname()[1])

    def environment(self, address: str) -> dict[str, str]:
        """What makes them the providers of a Steadwell at that address."""
        found = {NAMED: ",".join(PROVIDERS), "REPORTS_URL": address}
        for name, told in PROVIDERS.items():
            start = f"PROVIDER_{name.upper().replace('-', '_')}"
            values = {
                **told, "URL": f"http://127.0.0.1:{self.port(name)}", "HONOURS_KEYS": "1",
                **_secrets(told["KIND"]),
            }  # fmt: skip
            found |= {f"{start}_{key}": value for key, value in values.items()}
        return found

    def leave(self) -> None:
        for each in self.sockets.values():
            each.close()
        self.sockets.clear()


def take() -> Partners | None:
    """Ports for them; None where the environment names providers already."""
    if os.environ.get(NAMED):
        return None
    found = Partners()
    for name in (CONTROL, *PROVIDERS):
        found.sockets[name] = _free(PORTS)
    return found


def _free(ports: Iterable[int]) -> socket.socket:
    wanted = list(ports)
    secrets.SystemRandom().shuffle(wanted)
    for port in wanted:
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            one.close()
            continue
        return one
    raise OSError("no port is free")


def _secrets(kind: str) -> dict[str, str]:
    """Made anew at each start: reports of an earlier one are nobody's."""
    if kind == "web-push":
        # Devices know the key, so it stays the same. It proves nothing to anybody outside.
        return {"SECRET": base64.urlsafe_b64encode(b"demo" * 8).decode().rstrip("=")}
    key = secrets.token_bytes(24)
    if kind == "mail-http":
        return {"REPORT_SECRET": f"whsec_{base64.b64encode(key).decode()}"}
    return {"REPORT_SECRET": key.hex()}
