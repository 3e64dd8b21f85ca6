"""The inbox and the preferences of patients and of those who act for them."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from notifications import inbox as notices
from notifications import presenters, routing
from steadwell import clock
from steadwell.actor import Actor, Role
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.portal.service import PortalRequest, requires

READERS = (Role.PATIENT, Role.PROXY)


def people_of(actor: Actor) -> list[PersonId]:
    """Whose messages this reader has: their own first."""
    own = [actor.person_id] if actor.person_id else []
    return [*own, *sorted(actor.proxy_for - set(own))]


def chosen_person(request: HttpRequest, people: list[PersonId]) -> PersonId:
    """The person the page is about. One that is not the reader's is not there."""
    given = request.GET.get("for") or request.POST.get("for")
    if not people:
        raise NotFound
    if not given:
        return people[0]
    return next((p for p in people if str(p) == given), None) or _nobody()


def _nobody() -> PersonId:
    raise NotFound


def _zone(now: datetime) -> str:
    """The reader's own zone, as the request has it, in which the page says when something was told; the
    clinic's where they gave none.
    """
    return routing.zone_of(get_current_timezone_name(), place_zone="", site_id=None, now=now)


def tabs_of(actor: Actor, people: list[PersonId], current: PersonId, view: str) -> list[dict[str, object]]:
    """Tabs for one who reads for several people; nothing for the many who read for themselves."""
    if len(people) < 2:
        return []
    names = identity.names(actor=actor, person_ids=people, now=clock.now())
    return [
        {
            "label": _("You") if p == actor.person_id else names[p].full_name,
            "url": f"{reverse(view)}?{urlencode({'for': p})}",
            "current": p == current,
        }
        for p in people
        if p == actor.person_id or p in names
    ]


@require_GET
@never_cache
@requires(*READERS)
def inbox(request: PortalRequest) -> HttpResponseBase:
    """What one was told, newest first."""
    people = people_of(request.actor)
    person_id = chosen_person(request, people)
    now = clock.now()
    page = notices.list_inbox(
        actor=request.actor,
        person_id=person_id,
        now=now,
        language=get_language() or "en",
        before=_uuid(request.GET.get("before")),
    )
    older = ""
    if page.older is not None:
        older = f"?{urlencode({'for': person_id, 'before': page.older})}"
    context = {
        "rows": presenters.rows(page.messages, _zone(now)),
        "person_id": person_id,
        "has_unread": any(not m.is_read for m in page.messages),
        "older_url": older,
        "is_first_page": not request.GET.get("before"),
        "whose": tabs_of(request.actor, people, person_id, "notifications_inbox"),
    }
    return render(request, "notifications/inbox.html", context)


@require_GET
@never_cache
@requires(*READERS)
def notice(request: PortalRequest, token: str) -> HttpResponseBase:
    """One message. Opening it is reading it."""
    now = clock.now()
    message = notices.open_notice(actor=request.actor, token=token, now=now, language=get_language() or "en")
    zone = _zone(now)
    return render(request, "notifications/notice.html", {"row": presenters.row(message, zone)})


@require_GET
@never_cache
@requires(*READERS)
def calendar(request: PortalRequest, token: str) -> HttpResponseBase:
    text = notices.calendar_of(actor=request.actor, token=token, now=clock.now())
    return ics(text)


def ics(text: str) -> HttpResponse:
    return HttpResponse(
        text,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="visit.ics"'},
    )


@require_POST
@requires(*READERS)
def mark_all_read(request: PortalRequest) -> HttpResponseBase:
    person_id = chosen_person(request, people_of(request.actor))
    notices.mark_all_read(actor=request.actor, person_id=person_id, now=clock.now())
    messages.success(request, _("All messages are marked as read."))
    return HttpResponseRedirect(f"{reverse('notifications_inbox')}?{urlencode({'for': person_id})}")


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def unread_badge(request: PortalRequest) -> int:
    """For the header: one indexed statement."""
    return notices.unread_count(request.actor, people_of(request.actor))
