from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def link(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


def sessions(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")
