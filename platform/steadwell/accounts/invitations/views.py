"""The pages of an invited person: a letter's link, the birth date, the password or passkey; and the code."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.webauthn.internal import auth as webauthn
from allauth.mfa.webauthn.internal import flows as webauthn_flows
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from steadwell import clock
from steadwell.accounts.errors import (
    AlreadyLinked,
    BirthDateNotMatched,
    CodeNotMatched,
    EmailTaken,
    InvitationOver,
)
from steadwell.accounts.invitations import accepting, codes
from steadwell.accounts.invitations.forms import (
    BirthDateForm,
    FirstPasskeyForm,
    LinkCodeForm,
    NewPasswordForm,
)
from steadwell.accounts.invitations.opening import token_digest
from steadwell.accounts.models import Invitation, User
from steadwell.actor import Actor
from steadwell.ids import UserId, new_id

# In the session: the digest of the letter's secret, the same once proven, the id of the account to be.
LETTER, PROVEN, ACCOUNT = "invitation", "invitation_proven", "invitation_account"


@require_GET
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Opening a link uses nothing up: mail scanners open links too. The secret leaves the address at once."""
    for name in (PROVEN, ACCOUNT):
        request.session.pop(name, None)
    request.session[LETTER] = token_digest(token).hex()
    return HttpResponseRedirect(reverse("accounts_invitation"))


@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    row = _letter(request)
    if row is None:
        return _over(request)
    if row.kind == Invitation.Kind.PATIENT and not _is_proven(request):
        return _ask_birth_date(request)
    return _ask_password(request, row)


@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """For patients. Staff set a password, and a passkey may then be their second factor."""
    row = _letter(request)
    if row is None or row.kind != Invitation.Kind.PATIENT or not _is_proven(request):
        return _over(request)
    user = _user_to_be(request, row)
    form = FirstPasskeyForm(request.POST, user=user)
    if not form.is_valid():
        return _page(request, row, NewPasswordForm(user=user), passkey_failed=True)

    def add(made: User) -> None:
        webauthn_flows.signup_authenticator(
            request, made, form.cleaned_data["name"], form.cleaned_data["credential"]
        )

    return _accept(request, password=None, user_id=user.pk, then=add)


@require_http_methods(["GET", "POST"])
@login_required
def link_code(request: HttpRequest) -> HttpResponse:
    """A signed-in person enters the code that the desk showed them."""
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    if actor.person_id is not None:
        return HttpResponseRedirect("/")
    form = LinkCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes.link_by_code(
                actor=actor,
                user_id=UserId(cast(User, request.user).pk),
                code=form.cleaned_data["code"],
                birth_date=form.cleaned_data["birth_date"],
                now=clock.now(),
            )
        except CodeNotMatched as refusal:
            form.add_error(None, refusal.text)
        else:
            messages.success(request, _("Welcome. Your account is ready."))
            return HttpResponseRedirect("/")
    status = 400 if form.is_bound and form.errors else 200
    return render(request, "account/link_code.html", {"form": form}, status=status)


def _letter(request: HttpRequest) -> Invitation | None:
    digest = request.session.get(LETTER)
    return accepting.find_letter(bytes.fromhex(digest), now=clock.now()) if digest else None


def _is_proven(request: HttpRequest) -> bool:
    return bool(request.session.get(PROVEN) == request.session[LETTER])


def _ask_birth_date(request: HttpRequest) -> HttpResponse:
    form = BirthDateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        digest = request.session[LETTER]
        try:
            accepting.check_birth_date(
                digest=bytes.fromhex(digest), birth_date=form.cleaned_data["birth_date"], now=clock.now()
            )
        except InvitationOver:
            return _over(request)
        except BirthDateNotMatched as refusal:
            form.add_error("birth_date", refusal.text)
        else:
            request.session[PROVEN] = digest
            return HttpResponseRedirect(reverse("accounts_invitation"))
    status = 400 if form.is_bound and form.errors else 200
    return render(request, "account/invitation_birth_date.html", {"form": form, "current": 1}, status=status)


def _ask_password(request: HttpRequest, row: Invitation) -> HttpResponse:
    user = _user_to_be(request, row)
    form = NewPasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        return _accept(request, password=form.cleaned_data["password"], user_id=user.pk)
    return _page(request, row, form)


def _page(
    request: HttpRequest, row: Invitation, form: NewPasswordForm, *, passkey_failed: bool = False
) -> HttpResponse:
    context: dict[str, object] = {"form": form, "email": row.email, "current": 2}
    context["passkey_failed"] = passkey_failed
    if row.kind == Invitation.Kind.PATIENT:
        user = _user_to_be(request, row)
        context["passkey_form"] = FirstPasskeyForm(user=user)
        context["passkey_options"] = webauthn.begin_registration(user, passwordless=True)
    status = 400 if passkey_failed or (form.is_bound and form.errors) else 200
    return render(request, "account/invitation_password.html", context, status=status)


def _user_to_be(request: HttpRequest, row: Invitation) -> User:
    """The account as it will be. A passkey names its id before it is there."""
    if row.user is not None:
        return row.user
    text = request.session.setdefault(ACCOUNT, str(new_id()))
    return User(pk=UUID(text), email=row.email)


def _accept(request: HttpRequest, *, password: str | None, user_id: UUID, then: Any = None) -> HttpResponse:
    """Once; then signed in, as themselves only."""
    try:
        user = accepting.accept(
            digest=bytes.fromhex(request.session[LETTER]),
            password=password,
            user_id=user_id,
            then=then,
            now=clock.now(),
        )
    except (InvitationOver, AlreadyLinked, EmailTaken):
        return _over(request)
    logout(request)
    record_authentication(request, user, "invitation")
    get_adapter(request).login(request, user)
    messages.success(request, _("Welcome. Your account is ready."))
    return HttpResponseRedirect("/")


def _over(request: HttpRequest) -> HttpResponse:
    """Used, withdrawn, expired or never there: all look alike."""
    for name in (LETTER, PROVEN, ACCOUNT):
        request.session.pop(name, None)
    return render(request, "account/invitation_over.html", status=410)
