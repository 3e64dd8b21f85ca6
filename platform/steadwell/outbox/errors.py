"""What a handler may tell the ledger about a failure. Anything else it raises is retried."""

from __future__ import annotations

from datetime import timedelta

from steadwell.errors import NotFound, Refusal


class Impossible(Exception):
    """No further attempt can succeed: set the delivery aside at once. ``code`` names the cause."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Retry(Exception):
    """Nothing happened outside; try again, after ``after`` when given (an open breaker knows when)."""

    def __init__(self, code: str, *, after: timedelta | None = None) -> None:
        self.code, self.after = code, after
        super().__init__(code)


class NotQuarantined(Refusal):
    """The delivery is not set aside (any more): somebody else replayed or settled it."""

    code = "delivery-not-quarantined"


class DeliveryNotFound(NotFound):
    code = "delivery-not-found"
