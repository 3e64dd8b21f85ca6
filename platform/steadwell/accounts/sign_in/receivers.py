"""What follows from signing in and out: audit rows, session rotation, the mark of a second factor.

allauth and Django tell of these only by signals. They run inside the request, before the session is saved:
when the audit cannot be written, nobody is signed in.
"""

from __future__ import annotations

from typing import Any, cast

from allauth.account import signals as account_signals
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from steadwell import clock
from steadwell.accounts import auditing, second_factor, totp
from steadwell.accounts.models import Session, User
from steadwell.accounts.sessions import SessionStore
from steadwell.accounts.sign_in import lockout
from steadwell.accounts.standing import load_user
from steadwell.actor import ANONYMOUS, Actor
from steadwell.ids import UserId


def connect() -> None:
    """Called once when the app is ready."""
    for signal, receiver in (
        (user_logged_in, signed_in),
        (user_logged_out, signed_out),
        (user_login_failed, failed),
        (user_locked_out, locked_out),
        (account_signals.authentication_step_completed, stepped_up),
        (account_signals.user_signed_up, signed_up),
        (account_signals.password_changed, password_changed),
        (account_signals.password_set, password_changed),
        (account_signals.password_reset, password_reset),
        (account_signals.email_changed, email_changed),
        (factor_signals.authenticator_added, factor_added),
        (factor_signals.authenticator_removed, factor_removed),
        (factor_signals.authenticator_reset, factor_reset),
        (factor_signals.authenticator_used, factor_used),
    ):
        signal.connect(receiver, dispatch_uid=f"accounts.{receiver.__name__}")


def _itself(user: User) -> Actor:
    return Actor(user_id=UserId(user.pk), person_id=None)


def _record(action: str, user: User, *, actor: Actor | None = None, **detail: str) -> None:
    auditing.record(
        actor=actor or _itself(user),
        action=action,
        now=clock.now(),
        user_id=user.pk,
        person_id=user.person_id,
        detail=detail or None,
    )


def signed_in(*, request: HttpRequest, user: User, **_: object) -> None:
    now = clock.now()
    current = load_user(user.pk, now=now)
    standing = current.standing if current else ANONYMOUS
    user.standing = standing
    request.actor = standing  # type: ignore[attr-defined]
    session = cast(SessionStore, request.session)
    session.device = request.headers.get("User-Agent", "")[:200]
    session.modified = True
    _record("signed_in", user, actor=standing, method=_method(session))


def _method(session: SessionStore) -> str:
    """How they proved who they are, as allauth noted it: password, mfa:totp, mfa:webauthn …"""
    records = session.get("account_authentication_methods") or []
    names = [":".join(filter(None, (record.get("method"), record.get("type")))) for record in records]
    return ",".join(names)


def signed_out(*, request: HttpRequest, user: User | None, **_: object) -> None:
    if user is not None:
        _record("signed_out", user)
    request.actor = ANONYMOUS  # type: ignore[attr-defined]


def failed(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_: object) -> None:
    """Looks the account up for known and unknown addresses alike: the same work for both."""
    door = str(credentials.get("door") or "password")
    email = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
    user = User.objects.filter(email=email).only("id", "person_id").first()
    auditing.record(
        actor=ANONYMOUS,
        action="sign_in_failed",
        now=clock.now(),
        user_id=user.pk if user else None,
        person_id=user.person_id if user else None,
        detail={"door": door},
    )


def locked_out(*, request: HttpRequest, username: str | None = None, **_: object) -> None:
    credentials = getattr(request, "axes_credentials", None) or {}
    user = User.objects.filter(email=str(credentials.get("email") or "").strip().lower()).first()
    auditing.record(
        actor=ANONYMOUS,
        action="locked_out",
        now=clock.now(),
        user_id=user.pk if user else None,
        person_id=user.person_id if user else None,
    )


def stepped_up(*, request: HttpRequest, user: User, method: str, **extra: Any) -> None:
    """Proving it again gives the session a new key: one that was seen before is worth nothing after."""
    if not extra.get("reauthenticated"):
        return
    request.session.cycle_key()
    _record("stepped_up", user, method=method)


def signed_up(*, user: User, **_: object) -> None:
    _record("signed_up", user)


def password_changed(*, request: HttpRequest, user: User, **_: object) -> None:
    _end_others(request, user)
    _record("password_changed", user)


def password_reset(*, request: HttpRequest, user: User, **_: object) -> None:
    Session.objects.filter(user_id=user.pk).delete()
    lockout.forget_failures(user.email)
    _record("password_reset", user)


def email_changed(*, user: User, **_: object) -> None:
    _record("email_changed", user)


def factor_added(*, request: HttpRequest, user: User, authenticator: Authenticator, **_: object) -> None:
    _record("second_factor_added", user, type=authenticator.type)
    if authenticator.type not in second_factor.FACTORS:
        return
    if authenticator.type == Authenticator.Type.TOTP:
        totp.use_step(authenticator, totp.current_step())  # the code that proved the app opens no door
    if request.user.pk == user.pk:
        second_factor.mark_passed(request.session, user.pk)
        _end_others(request, user)


def factor_removed(*, request: HttpRequest, user: User, authenticator: Authenticator, **_: object) -> None:
    _record("second_factor_removed", user, type=authenticator.type)
    if not second_factor.has_any(user.pk):
        second_factor.unmark(request.session)


def factor_reset(*, user: User, authenticator: Authenticator, **_: object) -> None:
    _record("second_factor_renewed", user, type=authenticator.type)


def factor_used(*, request: HttpRequest, user: User, authenticator: Authenticator, **_: object) -> None:
    second_factor.mark_passed(request.session, user.pk)
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        _record("recovery_code_used", user)


def _end_others(request: HttpRequest, user: User) -> None:
    """Whoever else is signed in as this user did not see the change; they sign in again."""
    others = Session.objects.filter(user_id=user.pk)
    current = cast(SessionStore, request.session).record_id
    if current is not None:
        others = others.exclude(id=current)
    others.delete()
