"""What clinicians do with a report: sign, write, hand over, acknowledge, ask for what should follow."""

from __future__ import annotations

import hashlib
from datetime import time
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from labs import orders, queries
from labs.errors import AlreadySettled
from labs.presenters import words
from labs.presenters.clinic_inbox import look
from labs.review import corrections, delegation, followups, inbox, sameness, signing
from labs.review.errors import AlreadySigned, NewerVersion
from labs.types import ReportView
from labs.views.clinic import forms
from labs.views.clinic.inbox import asked, uuid_in
from labs.views.clinic.reports import delegate_form, follow_form, render_report, zone_of
from labs.views.clinic.standing import READERS
from steadwell import clock
from steadwell.errors import Invalid, NotFound
from steadwell.portal import service as portal


@require_POST
@portal.requires(*READERS)
def sign(request: portal.PortalRequest, report_id: UUID) -> HttpResponse:
    """Sign the version that the page showed; or, by the other button, only write what one has to say."""
    form = forms.SignForm(request.POST)
    version = _version(request)
    if not form.is_valid():
        return render_report(request, report_id, sign=form)
    if request.POST.get("act") == "save":
        return _save(request, report_id, version, form)
    who, what, _skip = asked(request)
    _before, behind = inbox.neighbours(
        actor=request.actor, who=who, what=what, report_id=report_id, now=clock.now()
    )
    try:
        signing.sign(
            actor=request.actor,
            report_id=report_id,
            version=version,
            **form.cleaned_data,
            request_key=portal.request_key(request),
            now=clock.now(),
        )
    except NewerVersion as refusal:
        portal.refuse(form, refusal)
        return render_report(request, report_id, sign=form, stale=True, status=412)
    except AlreadySigned as refusal:
        messages.info(request, refusal.text)
    else:
        messages.success(request, _("Signed."))
    return HttpResponseRedirect(_onward(request, behind if behind != report_id else None))


@require_POST
@portal.requires(*READERS)
def same(request: portal.PortalRequest, report_id: UUID, question_id: UUID) -> HttpResponse:
    """Whether this report and another are one: then the one whose page it is counts no longer."""
    is_one = request.POST.get("act") == "withdraw"
    try:
        sameness.settle_question(
            actor=request.actor,
            question_id=question_id,
            withdraw=report_id if is_one else None,
            request_key=portal.request_key(request),
            now=clock.now(),
        )
    except AlreadySettled as refusal:
        messages.info(request, refusal.text)
    else:
        messages.success(request, _("Taken back. The other report counts.") if is_one else _("Noted."))
    return HttpResponseRedirect(reverse("clinic-labs:report", args=[report_id]) + look(*asked(request)))


def _save(request: portal.PortalRequest, report_id: UUID, version: int, form: forms.SignForm) -> HttpResponse:
    said = {True: form.cleaned_data["comment"], False: form.cleaned_data["note"]}
    if not any(text.strip() for text in said.values()):
        form.add_error("comment", _("There is nothing to save yet."))
        return render_report(request, report_id, sign=form)
    for to_patient, text in said.items():
        if text.strip():
            signing.comment(
                actor=request.actor,
                report_id=report_id,
                version=version,
                text=text,
                to_patient=to_patient,
                request_key=f"{portal.request_key(request)}-{'p' if to_patient else 'c'}",
                now=clock.now(),
            )
    messages.success(request, _("Saved. The result is not signed."))
    return HttpResponseRedirect(reverse("clinic-labs:report", args=[report_id]) + look(*asked(request)))


@require_POST
@portal.requires(*READERS)
def follow_up(request: portal.PortalRequest, report_id: UUID) -> HttpResponse:
    now = clock.now()
    report = queries.get_report(actor=request.actor, report_id=report_id, now=now)
    form = follow_form(report, request.POST)
    due_at = forms.instant(form.cleaned_data["due_on"], time(17), zone_of(report)) if form.is_valid() else now
    if form.is_valid() and due_at <= now:
        form.add_error("due_on", _("Choose a day to come."))
    if form.is_valid():
        data, test = form.cleaned_data, form.cleaned_data["test"]
        named = next((r.name for r in report.results if r.loinc == test), "") if test else ""
        what = data["what"].strip() or words.name_of(test, named)
        followups.ask_for(
            actor=request.actor,
            report_id=report_id,
            version=report.version,
            what=what,
            loinc=test,
            order_id=_order(request, report, test, what) if test else None,
            due_at=due_at,
            request_key=portal.request_key(request),
            now=now,
        )
        messages.success(request, _("Noted. If nothing arrives by then, it comes back to you."))
        return HttpResponseRedirect(reverse("clinic-labs:report", args=[report_id]) + look(*asked(request)))
    return render_report(request, report_id, follow=form)


def _order(request: portal.PortalRequest, report: ReportView, loinc: str, name: str) -> UUID | None:
    """The test as an order, under a number that pressing the button twice makes only once."""
    if report.person_id is None or report.site_id is None:
        return None
    key = portal.request_key(request)
    placed = orders.place_order(
        actor=request.actor,
        number=f"FU-{hashlib.sha256(key.encode()).hexdigest()[:12].upper()}",
        person_id=report.person_id,
        site_id=report.site_id,
        practitioner_id=request.actor.practitioner_id,
        name=name,
        loinc=loinc,
        request_key=f"{key}-order",
        now=clock.now(),
    )
    return placed.order_id


@require_POST
@portal.requires(*READERS)
def task(request: portal.PortalRequest, task_id: UUID, act: str) -> HttpResponse:
    """Take, delegate, acknowledge or settle one task."""
    now, actor = clock.now(), request.actor
    found = inbox.get_task(actor=actor, task_id=task_id)
    key = portal.request_key(request)
    onward = reverse("clinic-labs:report", args=[found.report_id]) + look(*asked(request))
    with portal.refusals_above(request):
        if act == "take":
            delegation.take(actor=actor, task_id=task_id, request_key=key, now=now)
            said = _("It is in your inbox now.")
        elif act == "acknowledge":
            corrections.acknowledge(actor=actor, task_id=task_id, request_key=key, now=now)
            said = _("Noted that you have seen the correction.")
        elif act == "settle":
            note = request.POST.get("note", "")[:500]
            followups.settle(actor=actor, task_id=task_id, note=note, request_key=key, now=now)
            said = _("The follow-up is settled.")
        elif act == "delegate":
            return _delegate(request, found, key)
        else:
            raise NotFound
        messages.success(request, said)
    return HttpResponseRedirect(onward)


def _delegate(request: portal.PortalRequest, found: inbox.Line, key: str) -> HttpResponse:
    now, actor = clock.now(), request.actor
    who, what, _skip = asked(request)
    colleagues = delegation.colleagues(actor=actor, site_id=found.site_id, now=now)
    form = delegate_form(colleagues, me=actor.practitioner_id, data=request.POST)
    if not form.is_valid():
        return render_report(request, found.report_id, delegate=form)
    _before, behind = inbox.neighbours(actor=actor, who=who, what=what, report_id=found.report_id, now=now)
    to_id = uuid_in(form.cleaned_data["to"])
    delegation.delegate(
        actor=actor,
        task_id=found.task_id,
        to_id=to_id,
        note=form.cleaned_data["why"],
        request_key=key,
        now=now,
    )
    name = next((each for known, each in colleagues.items() if known == to_id), "")
    messages.success(request, _("%(name)s has it now.") % {"name": name})
    return HttpResponseRedirect(_onward(request, behind))


def _onward(request: portal.PortalRequest, report_id: UUID | None) -> str:
    """The next result of the list that one came from, or the list when it was the last."""
    who, what, _skip = asked(request)
    if report_id is None:
        return reverse("clinic-labs:inbox") + look(who, what)
    return reverse("clinic-labs:report", args=[report_id]) + look(who, what)


def _version(request: portal.PortalRequest) -> int:
    given = request.POST.get("version", "")
    if not given.isdecimal() or len(given) > 9:
        raise Invalid
    return int(given)
