"""Keeps out who guesses: axes counts failures per account and per address, in Postgres, at every door.

An account is closed to guesses after five failures whatever addresses they came from, an address after
fifty whatever accounts they were for (a clinic is one address). A passkey cannot be guessed, so its door only
counts itself: the owner of a closed account still gets in with one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db import connection
from django.db.models import Max, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from steadwell.accounts.sign_in.addresses import client_address
from steadwell.accounts.throttle import keyed_digest

PASSKEY = "passkey"


def account_key(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str | None:
    """What failures are counted under: a digest, so that the table of failures names nobody."""
    given = credentials or {}
    for name in ("email", "username", "login"):
        if given.get(name):
            return keyed_digest(str(given[name]).strip().lower()).hex()
    return None


def passkey_credentials(request: HttpRequest) -> dict[str, Any]:
    """Passkeys name no account before they are proven; failures count for where they came from."""
    return {"username": f"{PASSKEY} {client_address(request)}", "door": PASSKEY}


def client_words(*_: object) -> str:
    """What axes may write into a log about a client: nothing."""
    return "a client"


_COUNT = """
INSERT INTO axes_accessattempt AS a
  (username, ip_address, user_agent, http_accept, path_info, get_data, post_data, attempt_time,
   failures_since_start)
VALUES (%(key)s, %(address)s, '', '', '', '', '', %(now)s, 1)
ON CONFLICT (username, ip_address, user_agent) DO UPDATE SET
  failures_since_start = CASE WHEN a.attempt_time > %(threshold)s THEN a.failures_since_start + 1 ELSE 1 END,
  attempt_time = %(now)s
"""


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """Two limits in one number: an address weighs less than an account.

    Failures are counted by one upsert: axes reads before it writes, and fails when somebody signs in
    meanwhile. What was typed and with what browser is not kept.
    """

    def user_login_failed(
        self, sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_: object
    ) -> None:
        if request is None:
            return
        if not request.axes_locked_out:  # type: ignore[attr-defined]
            _count(request, credentials)
            if self.get_failures(request, credentials) < settings.AXES_FAILURE_LIMIT:
                return
        request.axes_locked_out = True  # type: ignore[attr-defined]
        request.axes_credentials = credentials  # type: ignore[attr-defined]
        user_locked_out.send("axes", request=request, username=None, ip_address=None)

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        failures: int = _recent(request, credentials)["failures"]
        return failures

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Signing in clears the account's failures only; else one account would wash an address clean."""
        deleted, _ = AccessAttempt.objects.filter(username=account_key(request, credentials)).delete()
        return int(deleted)


def _count(request: HttpRequest, credentials: dict[str, Any]) -> None:
    values: dict[str, Any] = {
        "key": account_key(request, credentials) or "",
        "address": client_address(request) or "::",
        "now": request.axes_attempt_time,  # type: ignore[attr-defined]
        "threshold": get_cool_off_threshold(request),
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)


def clear_passed(*, now: datetime) -> None:
    """Forget failures that no longer close anything."""
    AccessAttempt.objects.filter(attempt_time__lt=now - settings.AXES_COOLOFF_TIME).delete()


def _recent(request: HttpRequest, credentials: dict[str, Any] | None) -> dict[str, Any]:
    key, address = account_key(request, credentials), client_address(request)
    is_passkey = (credentials or {}).get("door") == PASSKEY
    ours, theirs = Q(username=key) if key else Q(pk=None), Q(ip_address=address) if address else Q(pk=None)
    found = AccessAttempt.objects.filter(
        ours | theirs, attempt_time__gte=get_cool_off_threshold(request)
    ).aggregate(
        account=Sum("failures_since_start", filter=ours),
        address=Sum("failures_since_start", filter=theirs),
        latest=Max("attempt_time"),
    )
    from_address = (found["address"] or 0) * settings.AXES_FAILURE_LIMIT // settings.ADDRESS_FAILURE_LIMIT
    return {
        "failures": max(found["account"] or 0, 0 if is_passkey else from_address),
        "latest": found["latest"],
    }


def is_locked(request: HttpRequest, credentials: dict[str, Any]) -> bool:
    """Whether the door is closed; then the answer becomes the locked-out page."""
    if AxesProxyHandler.is_allowed(request, credentials):
        return False
    request.axes_locked_out = True  # type: ignore[attr-defined]
    request.axes_credentials = credentials  # type: ignore[attr-defined]
    return True


def count_failure(request: HttpRequest, credentials: dict[str, Any]) -> None:
    """Say that somebody failed at a door that Django's own `authenticate` does not know."""
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)


def forget_failures(email: str) -> None:
    """Open an account again: its owner has proven the address, or an administrator decided."""
    AccessAttempt.objects.filter(username=account_key(None, {"email": email})).delete()


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """The answer at a closed door: when to come back; the same for accounts that do not exist."""
    latest = _recent(request, credentials)["latest"]
    wait: timedelta = settings.AXES_COOLOFF_TIME
    if latest is not None:
        wait -= request.axes_attempt_time - latest  # type: ignore[attr-defined]
    seconds = max(int(wait.total_seconds()), 1)
    return waiting_page(request, seconds, template="account/locked_out.html")


def waiting_page(request: HttpRequest, seconds: int, *, template: str) -> HttpResponse:
    answer = render(request, template, {"minutes": -(-seconds // 60)}, status=429)
    answer.headers["Retry-After"] = str(seconds)
    answer.headers["Cache-Control"] = "no-store, private"
    return answer
