"""The interaction panel of a form: what the checks say, and the reasons that were given for going on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from medications.presenters import clinic_check
from medications.safety.errors import PackUnusable
from medications.types import CheckView
from medications.views.clinic.standing import clinicians
from steadwell.portal import service as portal


def overrides(request: portal.PortalRequest) -> dict[str, str]:
    """The reasons by finding, as the panel's fields carry them side by side."""
    keys, reasons = request.POST.getlist("finding"), request.POST.getlist("override")
    return {key: reason.strip()[:500] for key, reason in zip(keys, reasons, strict=False) if reason.strip()}


def panel(
    request: portal.PortalRequest, check: CheckView | None, zone: str, now: datetime
) -> clinic_check.Panel | None:
    if check is None:
        return None
    names = clinicians(clinic_check.practitioners(check), now)
    return clinic_check.panel(check, names=names, zone=zone, given=overrides(request), now=now)


def look(ask: Callable[[], CheckView]) -> tuple[CheckView | None, str]:
    """What the checks say, or the sentence that says that they cannot: then nothing can be decided either."""
    try:
        return ask(), ""
    except PackUnusable as refusal:
        return None, refusal.text
