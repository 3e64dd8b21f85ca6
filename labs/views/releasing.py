"""Letting a patient see a held result, from the clinician's page of it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from labs import releasing
from steadwell import clock
from steadwell.actor import Role
from steadwell.errors import Invalid
from steadwell.portal.service import PortalRequest, request_key, requires, return_address

_CLINICIANS = (Role.CLINICIAN, Role.ADMINISTRATOR)


@requires(*_CLINICIANS)
@require_POST
def release_early(request: PortalRequest, report_id: UUID) -> HttpResponse:
    """``reason`` says why; it is kept in the audit trail."""
    try:
        releasing.release_early(
            actor=request.actor, report_id=report_id, reason=request.POST.get("reason", ""),
            request_key=request_key(request), now=clock.now(),
        )  # fmt: skip
        messages.success(request, _("The patient can see it now."))
    except Invalid as refused:
        messages.error(request, refused.fields.get("reason", refused.text))
    return _back(request, report_id)


@requires(*_CLINICIANS)
@require_POST
def mark_talked(request: PortalRequest, report_id: UUID) -> HttpResponse:
    releasing.mark_talked(
        actor=request.actor, report_id=report_id, request_key=request_key(request), now=clock.now()
    )
    messages.success(request, _("Noted that you have talked. The patient can see it now."))
    return _back(request, report_id)


def _back(request: PortalRequest, report_id: UUID) -> HttpResponse:
    return redirect(return_address(request) or f"/clinic/labs/report/{report_id}/")
