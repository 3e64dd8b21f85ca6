"""Puts the actor on every request, and ends sessions that have lasted or rested too long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from steadwell import clock
from steadwell.accounts import second_factor
from steadwell.accounts.limits import limit_for
from steadwell.accounts.models import User
from steadwell.accounts.sessions import SessionStore
from steadwell.actor import ANONYMOUS, Actor

# What somebody may open who must still enrol a second factor, or be linked to a record.
ENROLMENT = frozenset(
    {
        "account_logout",
        "account_reauthenticate",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_list_webauthn",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes",
        "set_language",
        # A letter may be followed in a browser where somebody else is signed in; accepting it signs them out.
        "accounts_invitation",
        "accounts_invitation_link",
        "accounts_invitation_passkey",
    }
)
LINKING = ENROLMENT | {
    "accounts_link",
    "accounts_link_code",
    "accounts_sessions",
    "accounts_end_session",
    "accounts_sign_out_everywhere",
    "account_change_password",
    "account_email",
    "account_email_verification_sent",
}


# A page asks by itself whether there is something new: nobody sits before it for that. The header can only
# make a session shorter, so it needs no trust.
UNATTENDED = "X-Unattended"


class AuthenticationMiddleware(DjangoAuthenticationMiddleware):
    """Sets ``request.user``, as Django's own does, from the one statement that read the session."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = cast(User, SimpleLazyObject(lambda: _user_of(request)))


def _user_of(request: HttpRequest) -> User | AnonymousUser:
    """Whoever is still who signed in here. All that is unusual is left to Django: a key of the site's former
    secret, a password that changed, a session of nobody.
    """
    session = cast(SessionStore, request.session)
    data, user = session.get(SESSION_KEY), session.user
    seal = session.get(HASH_SESSION_KEY, "")
    usual = (
        user is not None
        and user.is_active
        and data == str(user.pk)
        and session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and constant_time_compare(seal, user.get_session_auth_hash())
    )
    return user if user is not None and usual else get_user(request)


class ActorMiddleware:
    """Sets ``request.actor``. Without a session cookie it costs nothing, with one one statement.

    Stands behind the middleware of sessions, authentication and messages.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = ANONYMOUS  # type: ignore[attr-defined]
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return self.get_response(request)
        now = clock.now()
        user: User = request.user
        session = cast(SessionStore, request.session)
        if self._is_over(session, user.standing, now):
            return self._end(request)
        led = self._lead(request, user)
        if led is not None:
            return _never_stored(led)
        # Until a member of staff has shown a second factor, their roles do not count.
        proven = not user.standing.is_staff or second_factor.has_passed(session, user.pk)
        request.actor = user.standing if proven else Actor(user_id=user.standing.user_id)  # type: ignore[attr-defined]
        if UNATTENDED not in request.headers:
            session.touch(now=now)
        if user.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(user.language)
        with timezone.override(user.time_zone):
            return _never_stored(self.get_response(request))

    def _is_over(self, session: SessionStore, actor: Actor, now: datetime) -> bool:
        if session.created_at is None or session.last_seen_at is None:
            return True
        limit = limit_for(actor.roles, settings.SESSION_LIMITS)
        return now - session.created_at >= limit.absolute or now - session.last_seen_at >= limit.idle

    def _end(self, request: HttpRequest) -> HttpResponse:
        """Go on as nobody; a page that needs somebody then leads to sign-in and back here."""
        request.session.flush()
        request.user = AnonymousUser()
        messages.info(request, _("You were signed out to keep your account safe. Sign in to go on."))
        if request.headers.get("HX-Request"):  # a part of a page cannot show a whole sign-in
            return HttpResponse(headers={"HX-Refresh": "true"})
        return self.get_response(request)

    def _lead(self, request: HttpRequest, user: User) -> HttpResponse | None:
        """Where this person has to go before anything else."""
        if user.standing.is_staff and not second_factor.has_passed(request.session, user.pk):
            if _name(request) in ENROLMENT and not second_factor.has_any(user.pk):
                return None
            return self._to_second_factor(request, user)
        if not user.standing.roles and _name(request) not in LINKING:
            return HttpResponseRedirect(reverse("accounts_link"))
        return None

    def _to_second_factor(self, request: HttpRequest, user: User) -> HttpResponse:
        if second_factor.has_any(user.pk):
            # Signed in here before the factor was enrolled elsewhere: this session never showed it.
            request.session.flush()
            return HttpResponseRedirect(reverse("account_login"))
        messages.info(request, _("Before you go on, set up a second way to prove that it is you."))
        return HttpResponseRedirect(reverse("mfa_index"))


def _name(request: HttpRequest) -> str | None:
    try:
        return resolve(request.path_info).url_name
    except Resolver404:
        return None


def _never_stored(response: HttpResponse) -> HttpResponse:
    """The back button of a shared computer must not show what its last user saw."""
    response.headers["Cache-Control"] = "no-store, private"
    return response
