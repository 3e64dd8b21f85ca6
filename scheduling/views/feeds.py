"""A private calendar address: made, shown once, replaced, ended; and the calendar it opens."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from scheduling import service as scheduling
from scheduling.presenters.visits import feed_made
from scheduling.types import Feed
from scheduling.views.finding import for_somebody
from scheduling.views.visits import CALENDAR
from scheduling.views.whose import FIELD, READERS, Whose, reader_zone
from steadwell import clock
from steadwell.actor import STAFF_ROLES
from steadwell.errors import NotFound
from steadwell.portal.service import PortalRequest, requires

# The new address waits here for the next page, which shows and forgets it; after that only its hash is kept.
SHOWN_ONCE = "calendar_address"
# When each entry was written out: the one part that differs although nothing has changed. Hence a weak tag.
STAMPS = re.compile(rb"^DTSTAMP[^\n]*\n", re.MULTILINE)


@requires(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: PortalRequest) -> HttpResponse:
    return for_somebody(request, _change if request.method == "POST" else _page)


@requires(*STAFF_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def clinician_calendar(request: PortalRequest) -> HttpResponse:
    """The same for the clinician that a member of staff is; for other staff it is not there."""
    now, practitioner_id = clock.now(), request.actor.practitioner_id
    if practitioner_id is None:
        raise NotFound
    feed = scheduling.find_feed(actor=request.actor, practitioner_id=practitioner_id, now=now)
    if request.method != "POST":
        return render(request, "scheduling/clinic/calendar_address.html", _shown(request, feed))
    if request.POST.get("do") == "end":
        _end(request, feed, now)
    else:
        made = scheduling.make_feed(actor=request.actor, practitioner_id=practitioner_id, now=now)
        request.session[SHOWN_ONCE] = made.token
    return redirect("clinic:address")


def _page(request: PortalRequest, about: Whose, now: datetime) -> HttpResponse:
    feed = scheduling.find_feed(actor=request.actor, person_id=about.person_id, now=now)
    context = {"about": about, "field": FIELD, "kept": (), **_shown(request, feed)}
    return render(request, "scheduling/calendar.html", context)


def _shown(request: PortalRequest, feed: Feed | None) -> dict[str, object]:
    """What both pages say about an address; a new one is in it this once."""
    token = request.session.pop(SHOWN_ONCE, "") if request.method == "GET" else ""
    address = request.build_absolute_uri(reverse("scheduling:feed", args=[token])) if token else ""
    return {
        "feed": feed,
        "made": feed_made(feed, reader_zone=reader_zone()) if feed else "",
        "address": address,
        "subscribe": address.replace("https://", "webcal://").replace("http://", "webcal://"),
    }


def _change(request: PortalRequest, about: Whose, now: datetime) -> HttpResponse:
    if request.POST.get("do") == "end":
        _end(request, scheduling.find_feed(actor=request.actor, person_id=about.person_id, now=now), now)
    else:
        made = scheduling.make_feed(actor=request.actor, person_id=about.person_id, now=now)
        request.session[SHOWN_ONCE] = made.token
    query = f"?{about.query}" if about.query else ""
    return redirect(f"{reverse('scheduling:calendar')}{query}")


def _end(request: PortalRequest, feed: Feed | None, now: datetime) -> None:
    if feed is not None:
        scheduling.revoke_feed(actor=request.actor, feed_id=feed.feed_id, now=now)


@require_safe
@cache_control(private=True, no_cache=True)
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar behind a private address. Programs ask again and again: unchanged costs no body."""
    body = scheduling.feed_for_token(token=token, now=clock.now())
    tag = f'W/"{hashlib.sha256(STAMPS.sub(b"", body)).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    return HttpResponse(body, content_type=CALENDAR, headers={"ETag": tag})
