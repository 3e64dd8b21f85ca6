"""How sending goes: providers, queues, what was set aside; and one person's messages, for staff."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notifications import presenters, replaying, searching, switching
from notifications.views.staff import DESK
from steadwell import clock
from steadwell.actor import Role
from steadwell.errors import Invalid
from steadwell.identity import service as identity
from steadwell.ids import MessageId, PersonId
from steadwell.outbox import service as outbox
from steadwell.portal.service import Panel, PatientSearchForm, PortalRequest, person_rows, requires

_QUEUES = ("notifications.urgent", "notifications.standard", "notifications.bulk", "notifications.retry")


@require_GET
@never_cache
@requires(*switching.WATCHERS)
def delivery(request: PortalRequest) -> HttpResponseBase:
    now = clock.now()
    ages, depths = outbox.queue_ages(now), outbox.queue_depths()
    context = {
        "providers": [
            presenters.provider(each) for each in switching.list_providers(actor=request.actor, now=now)
        ],
        "changes": [presenters.change(each) for each in switching.list_changes(actor=request.actor)],
        "queues": [
            {
                "label": presenters.QUEUES[name],
                "depth": depths.get(name, 0),
                "age": presenters.waited(ages.get(name, 0)),
            }
            for name in _QUEUES
        ],
        "set_aside": outbox.quarantined_count(),
        "may_see_aside": request.actor.has(Role.ADMINISTRATOR),
        "uncertain": searching.count_uncertain(actor=request.actor),
    }
    return render(request, "notifications/delivery.html", context)


@require_POST
@requires(*switching.WATCHERS)
def switch(request: PortalRequest, code: str) -> HttpResponseBase:
    off = request.POST.get("to") == "off"
    try:
        switching.switch_provider(
            actor=request.actor, code=code, off=off, reason=request.POST.get("reason", ""), now=clock.now()
        )
    except Invalid:
        messages.error(request, _("Say why, so that the others know."))
    else:
        messages.success(request, _("Switched off.") if off else _("Switched on."))
    return HttpResponseRedirect(reverse("notifications_delivery"))


@require_http_methods(["GET", "POST"])
@never_cache
@requires(*DESK)
def search(request: PortalRequest) -> HttpResponseBase:
    """Whose messages. Asked by POST: what is typed here is a name, and names have no place in an address."""
    form = PatientSearchForm(request.POST or None)
    asked = form.is_bound and form.is_valid()
    found: list[identity.PersonSummary] = []
    if asked:
        found = identity.search(actor=request.actor, text=form.cleaned_data["q"], now=clock.now())
    context = {"form": form, "asked": asked, "rows": person_rows(found, url_for=_messages_of)}
    return render(request, "notifications/person_search.html", context)


def patient_panel(request: PortalRequest) -> Panel | None:
    """On a patient's page of staff: the way to what they were told."""
    match = request.resolver_match
    person_id = match.kwargs.get("person_id") if match else None
    if person_id is None:
        return None
    return Panel(template="notifications/panels/patient.html", context={"person_id": person_id})


def _messages_of(person_id: PersonId) -> str:
    return reverse("notifications_person", kwargs={"person_id": person_id})


@require_GET
@never_cache
@requires(*DESK)
def person(request: PortalRequest, person_id: UUID) -> HttpResponseBase:
    """Everything one patient was told, with each message's steps."""
    now = clock.now()
    found = searching.list_messages(actor=request.actor, person_id=PersonId(person_id), now=now)
    about = identity.get_person(actor=request.actor, person_id=PersonId(person_id), now=now)
    context = {"rows": [presenters.told(each) for each in found], "person": about}
    return render(request, "notifications/person_messages.html", context)


@require_POST
@requires(*DESK)
def replay(request: PortalRequest, message_id: UUID) -> HttpResponseBase:
    replaying.replay_message(actor=request.actor, message_id=MessageId(message_id), now=clock.now())
    messages.success(request, _("It is sent again."))
    return HttpResponseRedirect(reverse("notifications_untold"))
