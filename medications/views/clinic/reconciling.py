"""Reconciliation: the queues of a clinic, a patient's lines side by side, and the decision about one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from medications import service as medications
from medications.errors import StaleFact
from medications.forms.clinic import DecideForm, PlaceForm, TogetherForm, WhyForm
from medications.presenters import allergies as allergy_words
from medications.presenters import both
from medications.presenters import clinic_lines as words
from medications.presenters.words import medicine
from medications.suggesting import suggest
from medications.types import Evidence, LineView, Status
from medications.views.attempting import Attempt, attempt
from medications.views.clinic import checking
from medications.views.clinic.standing import READERS, clinicians, sites_of
from medications.views.standing import zone_of
from steadwell import clock
from steadwell.identity import service as identity
from steadwell.ids import PersonId, PractitionerId
from steadwell.portal import service as portal

PAGE = 50


@require_GET
@portal.requires(*READERS)
@never_cache
def queue(request: portal.PortalRequest) -> HttpResponse:
    """What the sources disagree about, and what nobody could read, the longest open first."""
    now = clock.now()
    sites = sites_of(request, now)
    site = portal.site_asked(request, sites)
    actor = request.actor
    differ = medications.list_to_reconcile(actor=actor, site_id=site, now=now, limit=PAGE)
    unread = medications.list_not_understood(actor=actor, site_id=site, now=now, limit=PAGE)
    names = portal.listed_names(request, (each.person_id for each in (*differ, *unread)), now)
    zone = site_zone(site, now)
    context = {
        "site": site,
        "sites": sites,
        "tabs": tabs(request, "reconcile"),
        "differ": words.waiting(differ, names, zone, now=now),
        "unread": words.waiting(unread, names, zone, now=now),
    }
    return render(request, "medications/clinic/queue.html", context)


def site_zone(site: UUID, now: datetime) -> str:
    from medications import ports
    from steadwell.ids import SiteId

    return ports.care().site_zone(site_id=SiteId(site), now=now)


def tabs(request: portal.PortalRequest, current: str) -> list[dict[str, object]]:
    site = request.GET.get("site", "")
    query = f"?site={site}" if site else ""
    return [
        {
            "label": _("To reconcile"),
            "url": reverse("clinic-medications:queue") + query,
            "current": current == "reconcile",
        },
        {
            "label": _("Refills"),
            "url": reverse("clinic-medications:refills") + query,
            "current": current == "refills",
        },
    ]


@require_GET
@portal.requires(*READERS)
@never_cache
def patient(request: portal.PortalRequest, person_id: UUID) -> HttpResponse:
    """All of one patient: each medicine with what each source says of it, side by side."""
    return patient_page(request, person_id, clock.now())


def patient_page(
    request: portal.PortalRequest, person_id: UUID, now: datetime, stale: both.Both | None = None
) -> HttpResponse:
    found = medications.get_list(actor=request.actor, person_id=PersonId(person_id), now=now)
    zone = zone_of(found.person_id, now)
    names = clinicians((line.decided_by for line in found.lines), now)
    rows = words.rows(found.lines, names=names, zone=zone)
    person = identity.get_person(actor=request.actor, person_id=PersonId(person_id), now=now)
    context = {
        "person_id": person_id,
        "name": f"{person.given_name} {person.family_name}",
        "facts": portal.person_facts(person),
        "rows": [row for row in rows if row.is_open or row.is_current],
        "past": [row for row in rows if not row.is_open and not row.is_current],
        "open": sum(row.is_open for row in rows),
        "proposals": words.proposals(found.lines),
        "together_form": TogetherForm(),
        "allergies": allergy_words.rows(found.allergies, for_staff=True),
        "both": stale,
    }
    return render(request, "medications/clinic/patient.html", context, status=412 if stale else 200)


@require_http_methods(["GET", "POST"])
@portal.requires(*READERS)
@never_cache
def line(request: portal.PortalRequest, line_id: UUID) -> HttpResponse:
    """One medicine: the evidence, what the checks say, and the decision."""
    now = clock.now()
    found = line_of(request, line_id, now)
    form = _decide_form(found, request.POST if request.method == "POST" else None)
    decided = attempt(
        form,
        lambda: medications.settle_line(
            actor=request.actor,
            line_id=line_id,
            seen_revision=portal.seen_version(request),
            status=Status(form.cleaned_data["status"]),
            dosage_text=form.cleaned_data["dosage"],
            reason=form.cleaned_data["reason"],
            overrides=checking.overrides(request),
            request_key=portal.request_key(request),
            now=now,
        ),
    )
    if decided.done:
        messages.success(request, _("Decided. It opens again when a source says something new."))
        return redirect("clinic-medications:patient", found.person_id)
    return _line_page(request, found, form, decided, now)


def _decide_form(found: LineView, data: QueryDict | None = None) -> DecideForm:
    return DecideForm(data, initial={"status": found.status.value, "dosage": found.dosage_text})


def line_of(request: portal.PortalRequest, line_id: UUID, now: datetime) -> LineView:
    return medications.get_line(actor=request.actor, line_id=line_id, now=now)


def _line_page(
    request: portal.PortalRequest, found: LineView, form: DecideForm, decided: Attempt[LineView],
    now: datetime,
) -> HttpResponse:  # fmt: skip
    zone = zone_of(found.person_id, now)
    check, problem = decided.check, ""
    if check is None:
        check, problem = checking.look(
            lambda: medications.get_check(
                actor=request.actor, person_id=found.person_id, drug_text=found.name, rxcui=found.rxcui,
                dosage_text=found.dosage_text, leaving_out=found.line_id, now=now,
            )
        )  # fmt: skip
    versions = medications.list_decisions(actor=request.actor, line_id=found.line_id, now=now)
    by = [each.content.get("practitioner_id") for each in versions]
    names = clinicians([found.decided_by, *(PractitionerId(b) for b in by if isinstance(b, UUID))], now)
    patients = portal.listed_names(request, [found.person_id], now)
    row = words.row(found, names=names, zone=zone)
    context = {
        "line": found,
        "row": row,
        "patient": patients.get(found.person_id, ""),
        "form": form,
        "panel": checking.panel(request, check, zone, now),
        "problem": problem,
        "unplaced": [words.cell(each, zone) for each in unplaced(found)],
        "decisions": words.decisions(versions, names=names, zone=zone, now=now),
        "why_form": WhyForm(),
        "both": both.of_line(decided.stale) if decided.stale else None,
    }
    return render(request, "medications/clinic/line.html", context, status=decided.status)


def unplaced(found: LineView) -> list[Evidence]:
    """Statements whose medicine is not certain, and that a person may put right."""
    return [
        each for each in found.evidence if each.statement.needs and each.statement.needs != "status-unknown"
    ]


@require_http_methods(["GET", "POST"])
@portal.requires(*READERS)
@never_cache
def place(request: portal.PortalRequest, statement_id: UUID) -> HttpResponse:
    """Which medicine a source means, out of those that its words fit."""
    now = clock.now()
    said = medications.get_statement(actor=request.actor, statement_id=statement_id, now=now)
    typed = request.POST.get("q", "")[:200] if request.method == "POST" else ""
    offered = {code: medicine(name) for code, name in said.reading.candidates}
    for code, name in suggest(typed or said.drug_text):
        offered.setdefault(code, name)
    bound = request.method == "POST" and "find" not in request.POST
    form = PlaceForm(request.POST if bound else None, found=list(offered.items()))
    placed = attempt(form, lambda: _place(request, statement_id, form, now))
    if placed.done:
        messages.success(request, _("Decided. It opens again when its source uses other words."))
        return redirect("clinic-medications:patient", said.person_id)
    zone = zone_of(said.person_id, now)
    context = {
        "said": said,
        "name": medicine(said.name),
        "cell": words.cell(Evidence(statement=said, is_new=False), zone),
        "patient": portal.listed_names(request, [said.person_id], now).get(said.person_id, ""),
        "form": form,
        "typed": typed,
        "panel": checking.panel(request, placed.check, zone, now),
        "both": both.of_any(placed.stale) if placed.stale else None,
    }
    return render(request, "medications/clinic/place.html", context, status=placed.status)


def _place(request: portal.PortalRequest, statement_id: UUID, form: PlaceForm, now: datetime) -> LineView:
    chosen, reason = form.cleaned_data["product"], form.cleaned_data["reason"]
    seen, decision = portal.seen_version(request), portal.seen_version(request, "decision")
    key = portal.request_key(request)
    if chosen == PlaceForm.APART:
        return medications.keep_apart(
            actor=request.actor, statement_id=statement_id, seen_version=seen, seen_decision=decision,
            reason=reason, request_key=key, now=now,
        )  # fmt: skip
    return medications.place_statement(
        actor=request.actor, statement_id=statement_id, seen_version=seen, seen_decision=decision,
        rxcui=chosen, reason=reason, overrides=checking.overrides(request), request_key=key, now=now,
    )  # fmt: skip


@require_POST
@portal.requires(*READERS)
def revert(request: portal.PortalRequest, line_id: UUID) -> HttpResponse:
    """Take the newest decision about a line back; the evidence speaks for itself again."""
    now = clock.now()
    found = line_of(request, line_id, now)
    form = WhyForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why it is taken back."))
        return redirect("clinic-medications:line", found.line_id)
    try:
        medications.revert_decision(
            actor=request.actor,
            entity_id=line_id,
            seen_version=portal.seen_version(request),
            reason=form.cleaned_data["reason"],
            request_key=portal.request_key(request),
            now=now,
        )
    except StaleFact as refusal:
        return _line_page(request, refusal.current, _decide_form(found), Attempt(stale=refusal), now)
    else:
        messages.success(request, _("The decision is taken back."))
    return redirect("clinic-medications:line", found.line_id)
