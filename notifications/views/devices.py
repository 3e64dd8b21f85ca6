"""Notices on a device: a browser that asks to be told, and the worker that shows what comes."""

from __future__ import annotations

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from notifications import devices as subscribing
from notifications.views.reading import READERS
from steadwell import clock
from steadwell.portal.service import PortalRequest, requires

_WORKER = "notifications/push_worker.js"


@require_GET
@never_cache
@requires(*READERS)
def devices(request: PortalRequest) -> HttpResponseBase:
    return render(request, "notifications/devices.html", {"push_key": subscribing.push_key()})


@require_POST
@requires(*READERS)
def subscribe(request: PortalRequest) -> HttpResponseBase:
    """What the browser gave: ``endpoint``, ``public_key``, ``auth``. 204, or the refusal's answer."""
    subscribing.subscribe_device(
        actor=request.actor,
        endpoint=request.POST.get("endpoint", ""),
        public_key=request.POST.get("public_key", ""),
        auth=request.POST.get("auth", ""),
        now=clock.now(),
    )
    return HttpResponse(status=204)


@require_POST
@requires(*READERS)
def unsubscribe(request: PortalRequest) -> HttpResponseBase:
    subscribing.unsubscribe_device(
        actor=request.actor, endpoint=request.POST.get("endpoint", ""), now=clock.now()
    )
    return HttpResponse(status=204)


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """At the root, because a worker is in charge of what lies below its own address."""
    found = finders.find(_WORKER)
    if isinstance(found, str):
        with open(found, "rb") as file:
            text = file.read()
    else:
        with staticfiles_storage.open(_WORKER) as file:
            text = file.read()
    return HttpResponse(text, content_type="text/javascript", headers={"Cache-Control": "no-cache"})
