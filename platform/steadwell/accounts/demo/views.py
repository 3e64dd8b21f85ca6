"""The page that signs one in as anybody, and the click. Both answer 404 wherever the demo is off."""

from __future__ import annotations

from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from steadwell.accounts import second_factor
from steadwell.accounts.demo.people import Side, find_demo_user, list_demo_people
from steadwell.accounts.letters import read
from steadwell.accounts.models import Letter


def _titles() -> dict[Side, tuple[str, str, str]]:
    """Heading, what this side is for, icon."""
    return {
        Side.PATIENT: (_("As a patient"), _("Find a time, book it, move it, cancel it."), "person"),
        Side.FRONT_DESK: (
            _("At the front desk"),
            _("See the day, book for others, check people in."),
            "calendar",
        ),
        Side.CLINICIAN: (_("As a clinician"), _("Your day, and who is waiting."), "clipboard"),
        Side.RUNNING: (_("Running the clinic"), _("Set the clinic up and see what was done."), "shield"),
    }


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    if not settings.DEMO:
        raise Http404
    titles = _titles()
    groups = list_demo_people()
    sides = [(*titles[side], groups[side]) for side in titles if groups[side]]
    return render(request, "account/demo.html", {"sides": sides})


@require_GET
def letters(request: HttpRequest) -> HttpResponse:
    """The codes and links that the doors would have mailed."""
    if not settings.DEMO:
        raise Http404
    rows = [
        {"address": row.address, "subject": row.subject, "text": read(row), "at": row.created_at}
        for row in Letter.objects.order_by("-created_at", "-id")[:30]
    ]
    return render(request, "account/demo_letters.html", {"letters": rows})


@require_POST
def sign_in(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """As the real doors do: a new session, noted how, with the second factor shown."""
    user = find_demo_user(user_id) if settings.DEMO else None
    if user is None:
        raise Http404
    if request.user.is_authenticated:
        logout(request)
    record_authentication(request, user, "demo")
    second_factor.mark_passed(request.session, user.pk)
    get_adapter(request).login(request, user)
    return HttpResponseRedirect("/")
