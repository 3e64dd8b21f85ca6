"""The calls that staff make when nothing else reached a patient."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from notifications import calling, presenters
from notifications.models.calls import CallOutcome
from notifications.views.staff import DESK
from steadwell import clock
from steadwell.identity import service as identity
from steadwell.ids import MessageId
from steadwell.portal.service import PortalRequest, requires


@require_GET
@never_cache
@requires(*DESK)
def calls(request: PortalRequest) -> HttpResponseBase:
    now = clock.now()
    found = calling.list_calls(actor=request.actor, now=now)
    names = identity.names(actor=request.actor, person_ids=[each.person_id for each in found], now=now)
    rows = [
        {
            "message_id": each.message_id,
            "person": names.get(each.person_id),
            "subject": presenters.subject(each.template, each.params),
            "opened_at": each.opened_at,
            "tries": each.tries,
            "is_mine": each.is_taken and each.taken_by == request.actor.user_id,
            "is_taken": each.is_taken,
        }
        for each in found
    ]
    return render(request, "notifications/calls.html", {"rows": rows, "outcomes": CallOutcome.choices})


@require_POST
@requires(*DESK)
def take(request: PortalRequest, message_id: UUID) -> HttpResponseBase:
    calling.take_call(actor=request.actor, message_id=MessageId(message_id), now=clock.now())
    messages.success(request, _("The call is yours. Say how it ended when you are done."))
    return HttpResponseRedirect(reverse("notifications_calls"))


@require_POST
@requires(*DESK)
def close(request: PortalRequest, message_id: UUID) -> HttpResponseBase:
    outcome = request.POST.get("outcome", "")
    calling.close_call(
        actor=request.actor, message_id=MessageId(message_id), outcome=outcome, now=clock.now()
    )
    messages.success(request, _("Written down."))
    return HttpResponseRedirect(reverse("notifications_calls"))
