"""Which rules annoy: how often each asked for a reason, how often somebody went on, and alerts per order."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from medications import service as medications
from medications.presenters import clinic_alerts as words
from medications.safety import packs
from medications.safety.errors import PackUnusable
from medications.views.clinic.standing import COUNTERS
from steadwell import clock
from steadwell.portal import service as portal

SPANS = (7, 30, 90, 365)


@require_GET
@portal.requires(*COUNTERS)
@never_cache
def alerts(request: portal.PortalRequest) -> HttpResponse:
    now = clock.now()
    text = request.GET.get("days", "")
    days = int(text) if text in {str(span) for span in SPANS} else 30
    since = now - timedelta(days=days)
    uses = medications.list_alerts_per_rule(actor=request.actor, since=since, now=now)
    count = medications.get_alert_count(actor=request.actor, since=since, now=now)
    try:
        rules, problem = packs.in_force(now=now), ""
    except PackUnusable as refusal:
        rules, problem = None, refusal.text
    context = {
        "days": days,
        "spans": words.spans(SPANS, days),
        "rows": words.rows(uses, rules),
        "count": words.count(count),
        "packs": words.pack_rows(rules, now) if rules else [],
        "problem": problem,
    }
    return render(request, "medications/clinic/alerts.html", context)
