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
from scheduling.views.finding import for_somebody
from scheduling.views.visits import CALENDAR
from scheduling.views.whose import FIELD, READERS, Whose, reader_zone
from steadwell import clock
from steadwell.portal.service import PortalRequest, requires

# The new address waits here for the next page, which shows and forgets it; after that only its hash is kept.
SHOWN_ONCE = "calendar_address"
# When each entry was written out: the one part that differs although nothing has changed. Hence a weak tag.
STAMPS = re.compile(rb"^DTSTAMP[^\n]*\n", re.MULTILINE)


@requires(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: PortalRequest) -> HttpResponse:
    return for_somebody(request, _change if request.method == "POST" else _page)


def _page(request: PortalRequest, about: Whose, now: datetime) -> HttpResponse:
    feed = scheduling.find_feed(actor=request.actor, person_id=about.person_id, now=now)
    token = request.session.pop(SHOWN_ONCE, "") if request.method == "GET" else ""
    address = request.build_absolute_uri(reverse("scheduling:feed", args=[token])) if token else ""
    context = {
        "about": about,
        "field": FIELD,
        "feed": feed,
        "kept": (),
        "made": feed_made(feed, reader_zone=reader_zone()) if feed else "",
        "address": address,
        "subscribe": address.replace("https://", "webcal://").replace("http://", "webcal://"),
    }
    return render(request, "scheduling/calendar.html", context)


def _change(request: PortalRequest, about: Whose, now: datetime) -> HttpResponse:
    if request.POST.get("do") == "end":
        feed = scheduling.find_feed(actor=request.actor, person_id=about.person_id, now=now)
        if feed is not None:
            scheduling.revoke_feed(actor=request.actor, feed_id=feed.feed_id, now=now)
    else:
        made = scheduling.make_feed(actor=request.actor, person_id=about.person_id, now=now)
        request.session[SHOWN_ONCE] = made.token
    query = f"?{about.query}" if about.query else ""
    return redirect(f"{reverse('scheduling:calendar')}{query}")


@require_safe
@cache_control(private=True, no_cache=True)
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar behind a private address. Programs ask again and again: unchanged costs no body."""
    body = scheduling.feed_for_token(token=token, now=clock.now())
    tag = f'W/"{hashlib.sha256(STAMPS.sub(b"", body)).hexdigest()[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    return HttpResponse(body, content_type=CALENDAR, headers={"ETag": tag})
