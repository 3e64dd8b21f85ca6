"""The demonstration's mailbox: every mail as its reader would see it. Outside of the demonstration nothing
is here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from notifications.models import DemoMail
from notifications.views.reading import ics
from notifications.views.wording import mail_page
from steadwell.errors import NotFound
from steadwell.portal.service import build_policy

PER_PAGE = 30
P = ParamSpec("P")


def _demo_only(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not settings.DEMO:
            raise NotFound
        return view(request, *args, **kwargs)

    return require_GET(never_cache(guarded))


@_demo_only
def mailbox(request: HttpRequest) -> HttpResponse:
    """All mails, newest first, or those to one address."""
    address, before = request.GET.get("to", "")[:254], request.GET.get("before", "")
    rows = DemoMail.objects.order_by("-id").defer("html", "text")
    if address:
        rows = rows.filter(address=address)
    if before:
        rows = rows.filter(pk__lt=_uuid(before))
    found = list(rows[: PER_PAGE + 1])
    older = urlencode({"to": address, "before": str(found[PER_PAGE - 1].pk)}) if len(found) > PER_PAGE else ""
    context = {"mails": found[:PER_PAGE], "address": address, "older_url": f"?{older}" if older else ""}
    return render(request, "notifications/demo_mailbox.html", context)


@_demo_only
def mail(request: HttpRequest, mail_id: UUID) -> HttpResponse:
    found = _get(mail_id)
    response = render(request, "notifications/demo_mail.html", {"mail": found})
    response.headers["Content-Security-Policy"] = build_policy(
        {**settings.SECURE_CSP, "frame-src": ["'self'"]}
    )
    return response


@_demo_only
@xframe_options_sameorigin
def page(request: HttpRequest, mail_id: UUID) -> HttpResponse:
    """The HTML part by itself, for the frame. Only its own style may apply; nothing may load."""
    # Links of a mail leave the frame.
    return mail_page(_get(mail_id).html.replace("<head>", '<head><base target="_top">', 1))


@_demo_only
def calendar(request: HttpRequest, mail_id: UUID) -> HttpResponse:
    found = _get(mail_id)
    if not found.calendar:
        raise NotFound
    return ics(found.calendar)


def _get(mail_id: UUID) -> DemoMail:
    found = DemoMail.objects.filter(pk=mail_id).first()
    if found is None:
        raise NotFound
    return found


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
