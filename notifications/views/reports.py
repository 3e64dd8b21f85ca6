"""Where providers tell what became of a message. Nobody signs in here: the signature is what lets them in."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from notifications import reports as arrivals
from steadwell import clock


@csrf_exempt
@never_cache
@require_POST
def report(request: HttpRequest, provider: str, message_id: UUID) -> HttpResponse:
    """204 once it is stored, also for a repeated one; 404 for one that is not signed."""
    arrivals.receive(
        provider=provider,
        message_id=message_id,
        url=f"{settings.REPORTS_URL}{request.path}",
        body=request.body,
        signature=request.headers.get("X-Signature", ""),
        now=clock.now(),
    )
    return HttpResponse(status=204)


@csrf_exempt
@never_cache
@require_POST
def mail_report(request: HttpRequest, provider: str) -> HttpResponse:
    """What an e-mail provider tells of any message: 204 once it is stored, 404 for one that is not signed."""
    arrivals.receive_mail(provider=provider, headers=request.headers, body=request.body, now=clock.now())
    return HttpResponse(status=204)
