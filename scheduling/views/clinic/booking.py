"""Booking for a patient: who, what and when, then one page to confirm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypedDict
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from scheduling import service as scheduling
from scheduling.errors import OutsideAvailability, SlotTaken
from scheduling.presenters.clinic_visit import offer_facts, offer_rows, person_facts
from scheduling.types import Offer, OfferRef, PractitionerInfo, SiteInfo, VisitTypeInfo
from scheduling.views.clinic.forms import NoteForm, OverbookForm, instant
from scheduling.views.clinic.looking import Looking, look, uuid_in
from steadwell import clock
from steadwell.actor import STAFF_ROLES, Actor
from steadwell.errors import NotFound, Refusal
from steadwell.identity import service as identity
from steadwell.ids import PersonId, VisitTypeId
from steadwell.portal import service as portal

CARRIED = ("site", "clinician", "on", "at", "visit_type", "person")
SEARCH_DAYS = timedelta(days=6)


@require_GET
@portal.requires(*STAFF_ROLES)
def book(request: portal.PortalRequest) -> HttpResponse:
    """First the patient; then the kind of visit and its time."""
    carried = {name: request.GET[name] for name in CARRIED if request.GET.get(name)}
    if "person" not in carried:
        return _choose_patient(request, carried)
    return _choose_time(request, carried)


def _choose_patient(request: portal.PortalRequest, carried: dict[str, str]) -> HttpResponse:
    now = clock.now()
    form = portal.PatientSearchForm(request.GET if "q" in request.GET else None)
    found: list[identity.PersonSummary] = []
    if form.is_bound and form.is_valid():
        found = identity.search(actor=request.actor, text=form.cleaned_data["q"], now=now)
    context = {
        "form": form,
        "carried": carried,
        "asked": form.is_bound and form.is_valid(),
        "rows": portal.person_rows(
            found,
            url_for=lambda who: _url("book", {**carried, "person": str(who)}),
        ),
        "back_url": _day(carried),
    }
    return render(request, "scheduling/clinic/choose_patient.html", context)


def _choose_time(request: portal.PortalRequest, carried: dict[str, str]) -> HttpResponse:
    now = clock.now()
    looking = look(request, now=now)
    person = _person(request, carried["person"])
    kinds = _kinds(looking.clinician, now=now)
    chosen = next((kind for kind in kinds if str(kind.visit_type_id) == carried.get("visit_type")), None)
    context: dict[str, object] = {
        "looking": looking,
        "person": person_facts(person),
        "kinds": kinds,
        "chosen": chosen,
        "carried": carried,
        "back_url": _day(carried),
        "other_patient_url": _url("book", _without(carried, "person")),
        "over_url": reverse("clinic:over"),
    }
    if chosen and request.GET.get("first"):
        first = _first(request, looking, chosen, person.person_id)
        if first is not None:
            carried["on"] = first.wall_start.date().isoformat()
            return HttpResponseRedirect(_url("book", _without(carried, "at")))
        context["none_at_all"] = True
    if chosen:
        found = _offers(request, looking, chosen, person.person_id)
        confirm = _url("confirm", {"person": str(person.person_id)})
        wanted = _wanted(carried)
        context |= {
            "offers": offer_rows(found.offers, address=confirm, chosen=wanted),
            "reasons": [each.text for each in found.reasons],
            "others": offer_rows([each.offer for each in found.alternatives], address=confirm),
            "missed": wanted is not None and all(each.starts_at != wanted for each in found.offers),
        }
    return render(request, "scheduling/clinic/choose_time.html", context)


def _offers(
    request: portal.PortalRequest, looking: Looking, kind: VisitTypeInfo, person_id: PersonId
) -> scheduling.SearchResult:
    return scheduling.search(
        actor=request.actor,
        visit_type_id=kind.visit_type_id,
        now=clock.now(),
        from_on=looking.on,
        until_on=looking.on + SEARCH_DAYS,
        **_wishes(looking, person_id),
    )


def _first(
    request: portal.PortalRequest, looking: Looking, kind: VisitTypeInfo, person_id: PersonId
) -> Offer | None:
    """The first free time at the clinic and with the clinician chosen, whatever the day."""
    return scheduling.first_available(
        actor=request.actor,
        visit_type_id=kind.visit_type_id,
        now=clock.now(),
        **_wishes(looking, person_id),
    )


def _wishes(looking: Looking, person_id: PersonId) -> scheduling.Wishes:
    return {
        "site_ids": [looking.site.site_id],
        "practitioner_ids": [looking.clinician.practitioner_id] if looking.clinician else [],
        "person_id": person_id,
    }


def _kinds(clinician: PractitionerInfo | None, *, now: datetime) -> list[VisitTypeInfo]:
    """The visit types that the chosen clinician gives; all where nobody was chosen."""
    kinds = scheduling.list_visit_types(now=now, for_patients=False)
    return [kind for kind in kinds if clinician is None or kind.speciality in clinician.specialities]


@require_http_methods(["GET", "POST"])
@portal.requires(*STAFF_ROLES)
def confirm(request: portal.PortalRequest) -> HttpResponse:
    """Everything on one page, then one press."""
    now = clock.now()
    person, ref = _asked(request)
    form = NoteForm(request.POST or None)
    others: tuple[Offer, ...] = ()
    may_overbook = False
    if request.method == "POST" and form.is_valid():
        try:
            visit = scheduling.book_direct(**_sent(request, person, ref, form, now))
        except NotFound:
            raise
        except Refusal as refusal:
            portal.refuse(form, refusal)
            may_overbook = isinstance(refusal, SlotTaken | OutsideAvailability)
            if isinstance(refusal, SlotTaken):
                others = scheduling.nearest(ref=ref, actor=request.actor, person_id=person.person_id, now=now)
        else:
            messages.success(request, _("The visit is booked. The patient is told."))
            return HttpResponseRedirect(reverse("clinic:visit", args=[visit.appointment_id]))
    return _confirm_page(request, person, ref, form, others=others, may_overbook=may_overbook)


@require_http_methods(["GET", "POST"])
@portal.requires(*STAFF_ROLES)
def over(request: portal.PortalRequest) -> HttpResponse:
    """A visit at a taken time: never by accident, always with a reason."""
    now = clock.now()
    person, ref = _asked(request)
    form = OverbookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with portal.refusals_on(form):
            visit = scheduling.overbook(
                **_sent(request, person, ref, form, now), reason=form.cleaned_data["reason"]
            )
            messages.success(request, _("The visit is booked over a taken time. The patient is told."))
            return HttpResponseRedirect(reverse("clinic:visit", args=[visit.appointment_id]))
    return _confirm_page(request, person, ref, form, overbooking=True)


class _Sent(TypedDict):
    """What both ways of booking are told."""

    actor: Actor
    person_id: PersonId
    offer: OfferRef
    request_key: str
    now: datetime
    note: str


def _sent(
    request: portal.PortalRequest,
    person: identity.PersonSummary,
    ref: OfferRef,
    form: NoteForm,
    now: datetime,
) -> _Sent:
    return {
        "actor": request.actor,
        "person_id": person.person_id,
        "offer": ref,
        "request_key": portal.request_key(request),
        "now": now,
        "note": form.cleaned_data["note"],
    }


def _confirm_page(
    request: portal.PortalRequest,
    person: identity.PersonSummary,
    ref: OfferRef,
    form: NoteForm,
    *,
    others: tuple[Offer, ...] = (),
    may_overbook: bool = False,
    overbooking: bool = False,
) -> HttpResponse:
    offer = scheduling.describe_offer(ref=ref, now=clock.now())
    whom = {"person": str(person.person_id)}
    carried = {
        "site": str(ref.site_id),
        "on": offer.wall_start.date().isoformat(),
        "visit_type": str(ref.visit_type_id),
        **whom,
    }
    context = {
        "form": form,
        "person": person_facts(person),
        "person_id": person.person_id,
        "offer": ref.text,
        "facts": offer_facts(offer),
        "overbooking": overbooking,
        "over_url": _url("over", {**whom, "offer": ref.text}) if may_overbook else "",
        "others": offer_rows(others, address=_url("confirm", whom)),
        "back_url": _url("book", carried),
    }
    status = 409 if form.is_bound and form.is_valid() is False and form.non_field_errors() else 200
    return render(request, "scheduling/clinic/confirm.html", context, status=status)


def _asked(request: portal.PortalRequest) -> tuple[identity.PersonSummary, OfferRef]:
    """The patient and the time that the address or the form names; a time may come as day and clock."""
    given = request.POST if request.method == "POST" else request.GET
    person = _person(request, given.get("person", ""))
    if given.get("offer"):
        return person, OfferRef.parse(given["offer"])
    looking = look(request, now=clock.now())
    if looking.clinician is None:
        raise NotFound
    return person, OfferRef(
        visit_type_id=VisitTypeId(uuid_in(given.get("visit_type", ""))),
        practitioner_id=looking.clinician.practitioner_id,
        site_id=looking.site.site_id,
        starts_at=_wall_start(looking.site, looking, given.get("time", "")),
    )


def _wall_start(site: SiteInfo, looking: Looking, text: str) -> datetime:
    try:
        wall = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a time on the wall has no zone yet
    except ValueError as error:
        raise NotFound from error
    return instant(looking.on, wall, site.time_zone)


def _person(request: portal.PortalRequest, text: str) -> identity.PersonSummary:
    return identity.get_person(actor=request.actor, person_id=PersonId(uuid_in(text)), now=clock.now())


def _wanted(carried: dict[str, str]) -> datetime | None:
    """The free time on the board from which the booking began."""
    try:
        return datetime.fromtimestamp(int(carried["at"]), UTC)
    except (KeyError, ValueError, OverflowError):
        return None


def _without(carried: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in carried.items() if name not in names}


def _day(carried: dict[str, str]) -> str:
    kept: dict[str, str] = {name: carried[name] for name in ("site", "on") if name in carried}
    return _url("day", kept)


def _url(page: str, words: dict[str, str]) -> str:
    return f"{reverse(f'clinic:{page}')}?{urlencode(words)}"
