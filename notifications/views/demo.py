"""The demonstration's mailbox and handset: every mail, text message and notice as its reader would see it.
Outside of the demonstration nothing is here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from notifications import devices
from notifications.models import Channel, DemoMail
from notifications.views.reading import READERS, ics
from notifications.views.wording import mail_page
from steadwell import clock
from steadwell.errors import NotFound
from steadwell.portal.service import PortalRequest, build_policy, requires

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
    context = _listed(request, [Channel.EMAIL])
    return render(request, "notifications/demo_mailbox.html", context)


@_demo_only
def handset(request: HttpRequest) -> HttpResponse:
    """All text messages and notices on devices, newest first, or those to one number."""
    context = _listed(request, [Channel.SMS, Channel.PUSH]) | {"has_device": bool(devices.demo_service())}
    return render(request, "notifications/demo_handset.html", context)


@require_POST
@requires(*READERS)
def turn_on(request: PortalRequest) -> HttpResponseBase:
    """The handset takes notices for whoever is signed in, as a browser would."""
    if not settings.DEMO:
        raise NotFound
    devices.subscribe_demo_handset(actor=request.actor, now=clock.now())
    messages.success(request, _("Your notices arrive here from now on."))
    return HttpResponseRedirect(reverse("notifications_demo_handset"))


def _listed(request: HttpRequest, channels: Sequence[Channel]) -> dict[str, object]:
    address, before = request.GET.get("to", "")[:254], request.GET.get("before", "")
    rows = DemoMail.objects.filter(channel__in=channels).order_by("-id").defer("html")
    if address:
        rows = rows.filter(address=address)
    if before:
        rows = rows.filter(pk__lt=_uuid(before))
    found = list(rows[: PER_PAGE + 1])
    older = urlencode({"to": address, "before": str(found[PER_PAGE - 1].pk)}) if len(found) > PER_PAGE else ""
    return {"mails": found[:PER_PAGE], "address": address, "older_url": f"?{older}" if older else ""}


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
