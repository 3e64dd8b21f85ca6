"""Critical values: those that wait, confirming one, and how fast a clinic does."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from labs.presenters import clinic_calls, clinic_story
from labs.presenters.clinic_inbox import about
from labs.review import callbook, calls
from labs.review.errors import ReadBackWrong
from labs.views.clinic.forms import ReadBackForm
from labs.views.clinic.settings import MANAGERS, site_asked
from labs.views.clinic.standing import READERS, names_of, zones_of
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.errors import NotFound, Refusal
from steadwell.identity import service as identity
from steadwell.portal import service as portal


@require_GET
@portal.requires(*READERS)
def critical(request: portal.PortalRequest) -> HttpResponse:
    return _page(request)


@require_POST
@portal.requires(*READERS)
def confirm(request: portal.PortalRequest, call_id: UUID) -> HttpResponse:
    """Read a value back. Wrongly: the page again, with the value to look at."""
    form = ReadBackForm(request.POST)
    if form.is_valid():
        try:
            calls.acknowledge(
                actor=request.actor,
                call_id=call_id,
                read_back=form.cleaned_data["read_back"],
                request_key=portal.request_key(request),
                now=clock.now(),
            )
        except NotFound:
            raise
        except ReadBackWrong as refusal:
            portal.refuse(form, refusal)
        except Refusal as refusal:
            messages.info(request, refusal.text)
            return HttpResponseRedirect(reverse("clinic-labs:critical"))
        else:
            found = callbook.get_call(actor=request.actor, call_id=call_id, now=clock.now())
            messages.success(request, _("Confirmed. The time and what you read back are on record."))
            return HttpResponseRedirect(reverse("clinic-labs:report", args=[found.report_id]))
    return _page(request, wrong=call_id, form=form)


@require_GET
@portal.requires(*MANAGERS)
def times(request: portal.PortalRequest) -> HttpResponse:
    """A month of one clinic: how many, how fast, and each with its time. No value and no patient."""
    now = clock.now()
    site, sites = site_asked(request)
    zone = zones_of([site])[site]
    today = portal.at_site(now, zone).date()
    month = _month(request.GET.get("month", ""), today)
    figures = callbook.times(actor=request.actor, site_id=site, month=month, now=now)
    users = {step.user_id for call in figures.calls for step in call.steps if step.user_id}
    who = accounts.practitioners_of_users(users)
    names = names_of(who.values())
    context = {
        "figures": clinic_calls.figure_rows(figures),
        "rows": clinic_calls.call_lines(
            figures, who={user: names.get(person, "") for user, person in who.items()}, zone=zone, now=now
        ),
        "sites": sites,
        "site": site,
        "month": month,
        "month_text": portal.day_text(month, "month"),
        "earlier": portal.previous_month(month),
        "later": portal.next_month(month) if month < today.replace(day=1) else None,
    }
    return render(request, "labs/clinic/times.html", context)


def _page(
    request: portal.PortalRequest, *, wrong: UUID | None = None, form: ReadBackForm | None = None
) -> HttpResponse:
    now = clock.now()
    waiting = callbook.list_waiting(actor=request.actor, now=now)
    people = [call.person_id for call in waiting if call.person_id]
    names = identity.names(actor=request.actor, person_ids=people, now=now)
    rows = clinic_story.call_rows(waiting, now=now)
    for call, row in zip(waiting, rows, strict=True):
        person = names.get(call.person_id) if call.person_id else None
        row["patient"] = person.full_name if person else _("Unknown patient")
        row["about"] = about(person, now=now)
        row["form"] = form if call.call_id == wrong and form else ReadBackForm(auto_id=f"{call.call_id}_%s")
    context = {"calls": rows, "form": form}
    return render(request, "labs/clinic/critical.html", context)


def _month(text: str, today: date) -> date:
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return min(asked, today.replace(day=1))
