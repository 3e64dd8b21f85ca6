"""The pages of accounts that allauth does not bring: sessions, linking a record, the way into the admin."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from steadwell import clock
from steadwell.accounts import ending, linking, queries
from steadwell.accounts.errors import RecordNotMatched
from steadwell.accounts.forms import LinkForm
from steadwell.accounts.models import User
from steadwell.accounts.sessions import SessionStore
from steadwell.actor import Actor
from steadwell.errors import NotFound
from steadwell.ids import UserId


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


def _user_id(request: HttpRequest) -> UserId:
    return UserId(cast(User, request.user).pk)


@require_GET
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """Where the reader is signed in."""
    idle = timedelta(seconds=max(idle for idle, _absolute in settings.SESSION_LIMITS.values()))
    rows = queries.list_sessions(
        user_id=_user_id(request),
        current=cast(SessionStore, request.session).record_id,
        since=clock.now() - idle,
    )
    return render(request, "account/sessions.html", {"sessions": rows})


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    with suppress(NotFound):  # it ended by itself meanwhile, which is what was asked for
        ending.end_session(
            actor=_actor(request), user_id=_user_id(request), session_id=session_id, now=clock.now()
        )
    messages.success(request, _("That browser is signed out."))
    return HttpResponseRedirect(reverse("accounts_sessions"))


@require_POST
@login_required
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """All other browsers, or with ``here`` this one too."""
    here = request.POST.get("here") == "yes"
    keep = None if here else cast(SessionStore, request.session).record_id
    ending.sign_out_everywhere(actor=_actor(request), user_id=_user_id(request), now=clock.now(), keep=keep)
    if here:
        logout(request)
        return HttpResponseRedirect(reverse("account_login"))
    messages.success(request, _("All your other browsers are signed out."))
    return HttpResponseRedirect(reverse("accounts_sessions"))


@require_http_methods(["GET", "POST"])
@login_required
def link(request: HttpRequest) -> HttpResponse:
    """A new account finds its patient record; nothing else opens before."""
    if _actor(request).roles:
        return HttpResponseRedirect("/")
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            linking.link_by_number(
                actor=_actor(request),
                user_id=_user_id(request),
                number=form.cleaned_data["number"],
                birth_date=form.cleaned_data["birth_date"],
                now=clock.now(),
            )
        except RecordNotMatched as refusal:
            form.add_error(None, refusal.text)
        else:
            messages.success(request, _("Welcome. Your account is ready."))
            return HttpResponseRedirect("/")
    status = 400 if form.is_bound and form.errors else 200
    return render(request, "account/link.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """The admin has no door of its own: everybody comes through ours, second factor and lock-out included."""
    if request.user.is_authenticated:
        raise Http404
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        wanted = reverse("admin:index")
    return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({REDIRECT_FIELD_NAME: wanted})}")


@require_http_methods(["GET", "POST"])
def admin_password(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("account_change_password"))
