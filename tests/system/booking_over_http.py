"""Patients who book over HTTP and, when the web dies under them, press again: same form, same key."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode
from uuid import UUID, uuid4

LIMIT = 220.0  # a time is held for eight minutes, and a hold and its booking have so long each


@dataclass
class Visitors:
    """Several patients' browsers at work on one list of wishes: (session, offer)."""

    port: int
    wishes: list[tuple[str, str]]
    confirmed: list[UUID] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    repeats: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._left: Iterator[tuple[str, str]] = iter(self.wishes)

    def start(self, browsers: int, *, pause: float = 0.0) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._work, args=(pause,), daemon=True) for _ in range(browsers)]
        for thread in threads:
            thread.start()
        return threads

    def _work(self, pause: float) -> None:
        while True:
            with self._lock:
                wish = next(self._left, None)
            if wish is None:
                return
            visit = self.book(*wish)
            with self._lock:
                self.confirmed.append(visit)
            time.sleep(pause)

    def book(self, session: str, offer: str) -> UUID:
        """Until the page says that the visit is booked; its id."""
        hold = self._until(session, "/visits/hold/", {"offer": offer}, "/visits/hold/")
        answers = {"request_key": uuid4().hex, "offer": offer, "note": ""}
        return UUID(self._until(session, f"/visits/hold/{hold}/", answers, "/visits/"))

    def _until(self, session: str, path: str, form: dict[str, str], leads_to: str) -> str:
        """Send a form until it is answered with a redirect below ``leads_to``; the id in the address."""
        ends, tried = time.monotonic() + LIMIT, 0
        while time.monotonic() < ends:
            status, location = self._post(session, path, form)
            if status == 302:
                assert location.startswith(leads_to), location
                self.repeats += tried > 0
                return location.removeprefix(leads_to).partition("/")[0]
            if status not in {0, 503}:  # nothing but a process that died, or one that says that it is busy
                self.faults.append((status, path))
            tried += 1
            time.sleep(0.1)
        raise AssertionError(f"{path} was not answered within {LIMIT:g} s")

    def _post(self, session: str, path: str, form: dict[str, str]) -> tuple[int, str]:
        token = "t" * 32
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(
                "POST", path, urlencode(form),
                {
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Cookie": f"steadwell_session={session}; csrftoken={token}",
                    "X-CSRFToken": token,
                },
            )  # fmt: skip
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.getheader("Location", "")
        except (OSError, HTTPException):
            return 0, ""
        finally:
            connection.close()
