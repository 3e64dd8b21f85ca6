"""The public standing of the ledger of patient actions, and the staff's list of what did not happen."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from notifications import ledger, ledger_check, presenters
from notifications.errors import ActionNotMissed
from notifications.views.staff import DESK
from steadwell import clock
from steadwell.errors import Invalid
from steadwell.identity import service as identity
from steadwell.portal.service import PortalRequest, own_moment_text, requires


@require_GET
@never_cache
def status(request: HttpRequest) -> HttpResponse:
    """For everybody, signed in or not: how many things patients asked for ended in silence."""
    found = ledger_check.standing(now=clock.now())
    at = own_moment_text(found.checked_at) if found else ""
    return render(request, "notifications/status.html", {"standing": found, "checked": at})


@require_GET
@never_cache
@requires(*DESK)
def missed(request: PortalRequest) -> HttpResponseBase:
    """What did not happen, for those who can put it right."""
    now = clock.now()
    found = ledger.list_missed(actor=request.actor, now=now)
    names = identity.names(actor=request.actor, person_ids=[each.person_id for each in found], now=now)
    rows = [presenters.missed_row(each, names.get(each.person_id)) for each in found]
    return render(request, "notifications/missed.html", {"rows": rows})


@require_POST
@requires(*DESK)
def replay(request: PortalRequest, action_id: UUID) -> HttpResponseBase:
    return _answer(
        request,
        lambda: ledger.replay_action(actor=request.actor, action_id=action_id, now=clock.now()),
        _("It is being tried again."),
    )


@require_POST
@requires(*DESK)
def settle(request: PortalRequest, action_id: UUID) -> HttpResponseBase:
    reason = request.POST.get("reason", "")
    return _answer(
        request,
        lambda: ledger.settle_action(
            actor=request.actor, action_id=action_id, reason=reason, now=clock.now()
        ),
        _("Settled."),
    )


def _answer(request: PortalRequest, work: Callable[[], None], said: str) -> HttpResponseBase:
    """Back on the list, with what came of it. What is not theirs looks like nothing."""
    try:
        work()
    except (Invalid, ActionNotMissed) as refusal:
        words = _("Say how it was settled.") if isinstance(refusal, Invalid) else refusal.text
        messages.error(request, words)
    else:
        messages.success(request, said)
    return HttpResponseRedirect(reverse("notifications_missed"))
