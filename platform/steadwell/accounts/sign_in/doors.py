"""How often each door may be tried: from one address, for one account, by one session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse

from steadwell import clock
from steadwell.accounts import throttle
from steadwell.accounts.sign_in.addresses import client_address
from steadwell.accounts.sign_in.lockout import waiting_page


@dataclass(frozen=True, slots=True)
class Limit:
    """``per``: address, session, user, or the name of a posted field."""

    per: str
    uses: int
    window: timedelta


def limit(per: str, uses: int, minutes: int) -> Limit:
    return Limit(per, uses, timedelta(minutes=minutes))


DOORS: Mapping[str, tuple[Limit, ...]] = {
    "account_login": (limit("address", 60, 1), limit("login", 20, 5)),
    "account_signup": (limit("address", 20, 10), limit("email", 5, 60)),
    "account_reset_password": (limit("address", 20, 10), limit("email", 4, 30)),
    "account_reset_password_from_key": (limit("address", 20, 10),),
    "account_email_verification_sent": (limit("address", 40, 10), limit("session", 8, 15)),
    "account_confirm_login_code": (limit("address", 20, 10),),
    "account_reauthenticate": (limit("user", 10, 5),),
    "account_change_password": (limit("user", 6, 10),),
    "account_set_password": (limit("user", 6, 10),),
    "account_email": (limit("user", 10, 10),),
    "mfa_authenticate": (limit("address", 60, 1), limit("session", 15, 10)),
    "mfa_reauthenticate": (limit("user", 10, 5),),
    "mfa_reauthenticate_webauthn": (limit("user", 10, 5),),
    "mfa_activate_totp": (limit("user", 15, 10),),
    "mfa_add_webauthn": (limit("user", 15, 10),),
    "mfa_generate_recovery_codes": (limit("user", 10, 10),),
    "mfa_login_webauthn": (limit("address", 60, 1),),
    "accounts_link": (limit("user", 5, 24 * 60), limit("address", 30, 24 * 60), limit("number", 10, 24 * 60)),
    "accounts_link_code": (limit("user", 10, 60), limit("address", 60, 60)),
    "accounts_invitation": (limit("address", 60, 10), limit("session", 15, 10)),
    "accounts_invitation_passkey": (limit("address", 60, 10), limit("session", 15, 10)),
    "accounts_demo_sign_in": (limit("address", 120, 1),),
}


class DoorMiddleware:
    """Counts every try at a door before its view runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        door = (request.resolver_match.url_name if request.resolver_match else None) or ""
        if request.method != "POST" or door not in DOORS:
            return None
        now = clock.now()
        for rule in DOORS[door]:
            key = _key(request, rule.per)
            if not key:
                continue
            wait = throttle.take(
                door=f"{door}:{rule.per}", key=key, uses=rule.uses, window=rule.window, now=now
            )
            if wait is not None:
                seconds = int(wait.total_seconds()) + 1
                return waiting_page(request, seconds, template="account/slow_down.html")
        return None


def _key(request: HttpRequest, per: str) -> str:
    if per == "address":
        return client_address(request) or "unknown"
    if per == "session":
        return request.session.session_key or ""
    if per == "user":
        return str(request.user.pk or "")
    typed = request.POST.get(per, "").lower()
    if per == "number":  # however it is spaced
        typed = "".join(filter(str.isalnum, typed))
    return typed.strip()[:254]
