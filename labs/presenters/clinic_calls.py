"""How fast a clinic confirms its critical values, in words and figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from labs.models import CallStep
from labs.presenters import clinic_words
from labs.review.callbook import Call, Times
from steadwell.ids import UserId


def figure_rows(times: Times) -> list[tuple[str, str]]:
    length = clinic_words.length
    return [
        (_("Critical values"), str(times.called)),
        (_("Confirmed"), str(times.acknowledged)),
        (_("Waiting now"), str(times.waiting)),
        (_("Median time"), length(times.median)),
        (_("95 of 100 within"), length(times.p95)),
        (_("Slowest"), length(times.slowest)),
        (_("Later than %(time)s") % {"time": length(times.within)}, str(times.late)),
    ]


def call_lines(
    times: Times, *, who: Mapping[UserId, str], zone: str, now: datetime
) -> list[dict[str, object]]:
    return [
        {
            "opened": clinic_words.short_moment(call.opened_at, zone, now=now),
            "iso": call.opened_at.isoformat(),
            "took": _took(call, now=now),
            "late": bool(call.acknowledged_at and call.acknowledged_at - call.opened_at > times.within),
            "by": _by(call, who),
            "told": len({step.user_id for step in call.steps if step.act == CallStep.Act.PAGED}),
            "climbed": sum(step.act == CallStep.Act.ESCALATED for step in call.steps),
            "misread": sum(step.act == CallStep.Act.MISREAD for step in call.steps),
            "state": _state(call),
            "url": reverse("clinic-labs:report", args=[call.report_id]),
        }
        for call in times.calls
    ]


def _took(call: Call, *, now: datetime) -> str:
    return clinic_words.length((call.ended_at or now) - call.opened_at)


def _by(call: Call, who: Mapping[UserId, str]) -> str:
    done = next((step for step in call.steps if step.act == CallStep.Act.ACKNOWLEDGED), None)
    return who.get(done.user_id, _("a colleague")) if done and done.user_id else ""


def _state(call: Call) -> tuple[str, str]:
    if call.waits:
        return _("Waiting"), "bad"
    return (_("Confirmed"), "good") if call.acknowledged_at else (_("Withdrawn"), "")
