"""The desk finds a patient, sees who reaches their record, lets them in and ends it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import STAFF_ROLES, Role
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.portal.access import PortalRequest, requires
from steadwell.portal.forms import PatientSearchForm
from steadwell.portal.patients import presenters
from steadwell.portal.patients.forms import InviteForm
from steadwell.portal.people import person_facts, person_rows
from steadwell.portal.refused import refusals_above, refusals_on

DESK = (Role.FRONT_DESK, Role.MANAGER, Role.ADMINISTRATOR)


@require_http_methods(["GET", "POST"])
@requires(*STAFF_ROLES)
def find(request: PortalRequest) -> HttpResponse:
    """Asked by POST: what is typed here is a name, and names have no place in an address."""
    form = PatientSearchForm(request.POST or None)
    found: list[identity.PersonSummary] = []
    asked = form.is_bound and form.is_valid()
    if asked:
        found = identity.search(actor=request.actor, text=form.cleaned_data["q"], now=clock.now())
    context = {"form": form, "asked": asked, "rows": person_rows(found, url_for=_address)}
    return render(request, "portal/patients/find.html", context)


@require_GET
@requires(*STAFF_ROLES)
def patient(request: PortalRequest, person_id: UUID) -> HttpResponse:
    return _page(request, PersonId(person_id), None)


@require_POST
@requires(*DESK)
def invite(request: PortalRequest, person_id: UUID) -> HttpResponse:
    form = InviteForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            accounts.invite(
                actor=request.actor,
                person_id=PersonId(person_id),
                email=form.cleaned_data["email"],
                now=clock.now(),
            )
            messages.success(request, _("The invitation is on its way."))
            return _back(person_id)
    return _page(request, PersonId(person_id), form)


@require_POST
@requires(*DESK)
def resend(request: PortalRequest, person_id: UUID) -> HttpResponse:
    return _do(request, person_id, accounts.resend_invitation, _("A new letter is on its way."))


@require_POST
@requires(*DESK)
def withdraw(request: PortalRequest, person_id: UUID) -> HttpResponse:
    said = _("The invitation is taken back. Its link opens nothing any more.")
    return _do(request, person_id, accounts.withdraw_invitation, said)


@never_cache
@require_POST
@requires(*DESK)
def code(request: PortalRequest, person_id: UUID) -> HttpResponse:
    """Shown once, as the answer: it is kept nowhere, so there is no address to come back to."""
    with refusals_above(request):
        shown = accounts.show_link_code(actor=request.actor, person_id=PersonId(person_id), now=clock.now())
        context = {"shown": shown, "back_url": reverse("patient", args=[person_id])}
        return render(request, "portal/patients/code.html", context)
    return _back(person_id)


@require_http_methods(["GET", "POST"])
@requires(*DESK)
def end(request: PortalRequest, person_id: UUID, proxy_id: UUID | None = None) -> HttpResponse:
    """Of the patient's own account, or of one who acts for them: one page to be sure, then one press."""
    now = clock.now()
    if request.method == "POST":
        _end(request, PersonId(person_id), proxy_id, now=now)
        messages.success(request, _("The access is ended."))
        return _back(person_id)
    access = accounts.portal_access(actor=request.actor, person_id=PersonId(person_id), now=now)
    person = identity.get_person(actor=request.actor, person_id=PersonId(person_id), now=now)
    holder = next((each for each in access.proxies if each.proxy_id == proxy_id), None)
    if (holder is None) if proxy_id else (access.account is None):
        raise NotFound
    context = {
        "email": holder.email if holder else access.account and access.account.email,
        "is_proxy": holder is not None,
        "name": presenters.name_of(person),
        "back_url": reverse("patient", args=[person_id]),
    }
    return render(request, "portal/patients/end.html", context)


def _end(request: PortalRequest, person_id: PersonId, proxy_id: UUID | None, *, now: datetime) -> None:
    if proxy_id is None:
        accounts.end_access(actor=request.actor, person_id=person_id, now=now)
    else:
        accounts.end_proxy_access(actor=request.actor, person_id=person_id, proxy_id=proxy_id, now=now)


def _do(request: PortalRequest, person_id: UUID, act: Callable[..., None], said: str) -> HttpResponseRedirect:
    with refusals_above(request):
        act(actor=request.actor, person_id=PersonId(person_id), now=clock.now())
        messages.success(request, said)
    return _back(person_id)


def _back(person_id: UUID) -> HttpResponseRedirect:
    return HttpResponseRedirect(_address(person_id))


def _address(person_id: UUID) -> str:
    return reverse("patient", args=[person_id])


def _page(request: PortalRequest, person_id: PersonId, form: InviteForm | None) -> HttpResponse:
    now = clock.now()
    person = identity.get_person(actor=request.actor, person_id=person_id, now=now)
    context: dict[str, object] = {
        "person_id": person_id,
        "name": presenters.name_of(person),
        "facts": person_facts(person),
    }
    if accounts.may_manage_portal_access(request.actor):
        access = accounts.portal_access(actor=request.actor, person_id=person_id, now=now)
        context |= {
            "may_manage": True,
            "account": access.account,
            "account_facts": presenters.account_facts(access.account) if access.account else [],
            "letter": presenters.letter_card(access.invitation) if access.invitation else None,
            "proxies": presenters.proxy_rows(access.proxies, person_id),
        }
        if not access.account:
            context["form"] = form or InviteForm(initial={"email": person.email})
    status = 409 if form is not None and form.errors else 200
    return render(request, "portal/patients/patient.html", context, status=status)
