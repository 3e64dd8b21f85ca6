"""What did not arrive, for the people who can pick up a telephone."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from notifications import presenters
from notifications import untold as failures
from steadwell import clock
from steadwell.actor import Role
from steadwell.identity import service as identity
from steadwell.ids import MessageId
from steadwell.portal.service import PortalRequest, requires

DESK = (Role.FRONT_DESK, Role.MANAGER, Role.ADMINISTRATOR)


@require_GET
@never_cache
@requires(*DESK)
def untold(request: PortalRequest) -> HttpResponseBase:
    now = clock.now()
    found = failures.list_untold(actor=request.actor, now=now)
    names = identity.names(actor=request.actor, person_ids=[u.person_id for u in found], now=now)
    rows = [
        {
            "message_id": u.message_id,
            "person_id": u.person_id,
            "person": names.get(u.person_id),
            "cause": presenters.cause_text(u.cause),
            "failed_at": u.failed_at,
            "subject": presenters.subject(u.template, u.params),
        }
        for u in found
    ]
    return render(request, "notifications/untold.html", {"rows": rows})


@require_POST
@requires(*DESK)
def settle(request: PortalRequest, message_id: UUID) -> HttpResponseBase:
    failures.settle_untold(actor=request.actor, message_id=MessageId(message_id), now=clock.now())
    messages.success(request, _("Settled."))
    return HttpResponseRedirect(reverse("notifications_untold"))
