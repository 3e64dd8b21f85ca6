"""The clinic's pages: what waits to be read, one patient's forms, and how each ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from fhir_facade.forms import access, offering, presenting, settling
from fhir_facade.forms.models import OfferState
from scheduling import service as scheduling
from steadwell import clock
from steadwell.actor import Role
from steadwell.errors import Invalid, NotFound
from steadwell.ids import PersonId, SiteId
from steadwell.portal import service as portal


class OfferForm(forms.Form):
    """Which form, and for which of the reader's clinics."""

    form = forms.ChoiceField(label=gettext_lazy("Form"))
    site = forms.ChoiceField(label=gettext_lazy("Clinic"), required=True)

    def __init__(
        self, data: Mapping[str, object] | None, *, offered: Collection[tuple[UUID, str]],
        sites: Mapping[SiteId, str],
    ) -> None:  # fmt: skip
        super().__init__(data, initial={"site": next(iter(sites), "")})
        self.fields["form"].choices = [(str(key), title) for key, title in offered]  # type: ignore[attr-defined]
        self.fields["site"].choices = [(str(key), name) for key, name in sites.items()]  # type: ignore[attr-defined]
        if len(sites) == 1:
            self.fields["site"].widget = forms.HiddenInput()


class AgainForm(forms.Form):
    words = forms.CharField(
        label=gettext_lazy("What is missing or unclear?"),
        help_text=gettext_lazy("The patient reads this beside their answers."),
        max_length=settling.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Say in a few words what is missing.")},
    )


@portal.requires(*access.READERS)
@never_cache
@require_safe
def waiting(request: portal.PortalRequest) -> HttpResponse:
    now = clock.now()
    sites = _sites(request, access.READERS, now)
    site = portal.site_asked(request, sites)
    found = settling.list_waiting(actor=request.actor, site_id=site, now=now)
    names = portal.listed_names(request, {each.person_id for each in found}, now)
    context = {
        "site": site,
        "sites": sites,
        "rows": presenting.rows(found, presenting.FOR_STAFF, names=names),
    }
    return render(request, "fhir_facade/forms/waiting.html", context)


@portal.requires(*access.READERS)
@never_cache
@require_http_methods(["GET", "POST"])
def answers(request: portal.PortalRequest, offer_id: UUID) -> HttpResponse:
    """What was answered; it is settled here."""
    now = clock.now()
    found = settling.read_answers(actor=request.actor, offer_id=offer_id, now=now)
    act = request.POST.get("act", "")
    again = AgainForm(request.POST if act == "again" else None)
    if request.method == "POST":
        if act not in {"seen", "again"}:
            raise Invalid
        if act == "seen" or again.is_valid():
            return _settle(request, offer_id, again if act == "again" else None, now)
    state, tone = presenting.FOR_STAFF[found.offer.state]
    context = {
        "offer": found.offer,
        "title": found.offer.title or _("Form"),
        "patient": portal.listed_names(request, {found.offer.person_id}, now).get(found.offer.person_id, ""),
        "sections": presenting.sections(found.said),
        "when": presenting.moment(found.offer.sent_at) if found.offer.sent_at else "",
        "state": state,
        "tone": tone,
        "form": again if found.offer.state is OfferState.SENT else None,
    }
    return render(request, "fhir_facade/forms/answers.html", context)


def _settle(
    request: portal.PortalRequest, offer_id: UUID, again: AgainForm | None, now: datetime
) -> HttpResponse:
    common: dict[str, Any] = {
        "actor": request.actor, "offer_id": offer_id, "seen_version": portal.seen_version(request),
        "request_key": portal.request_key(request), "now": now,
    }  # fmt: skip
    if again is None:
        said = _("Done. The patient is told that you read it.")
        _say(request, lambda: settling.mark_seen(**common), said)
    else:
        words, said = again.cleaned_data["words"], _("Sent back. The patient is told what is missing.")
        _say(request, lambda: settling.ask_again(**common, words=words), said)
    return redirect("forms:waiting")


@portal.requires(*access.ASKERS)
@never_cache
@require_http_methods(["GET", "POST"])
def patient(request: portal.PortalRequest, person_id: UUID) -> HttpResponse:
    """One patient's forms: offer another, or take one back."""
    now = clock.now()
    about = PersonId(person_id)
    sites = _sites_for(request, about, now)
    if not sites:
        raise NotFound
    offered = offering.list_forms(actor=request.actor)
    form = OfferForm(
        request.POST if request.POST.get("act") == "offer" else None, offered=offered, sites=sites
    )
    if request.method == "POST" and _post(request, about, form, now):
        return redirect("forms:patient", person_id)
    found = offering.list_of_patient(actor=request.actor, person_id=about, now=now)
    context = {
        "person_id": person_id,
        "patient": portal.listed_names(request, {about}, now).get(about, ""),
        "rows": presenting.rows(found, presenting.FOR_STAFF),
        "form": form if offered else None,
        "may_read": Role.CLINICIAN in request.actor.roles,
    }
    return render(request, "fhir_facade/forms/patient.html", context)


def _post(request: portal.PortalRequest, about: PersonId, form: OfferForm, now: datetime) -> bool:
    """Whether it is done, or refused in words of its own; else the form says what is wrong."""
    key = portal.request_key(request)
    if request.POST.get("act") == "withdraw":
        _say(
            request,
            lambda: offering.withdraw(
                actor=request.actor, offer_id=_uuid(request.POST.get("offer", "")), now=now,
                seen_version=portal.seen_version(request), request_key=key,
            ),
            _("Taken back. The patient is asked no longer."),
        )  # fmt: skip
        return True
    if not form.is_valid():
        return False
    with portal.refusals_on(form):
        offering.offer(
            actor=request.actor, person_id=about, site_id=SiteId(UUID(form.cleaned_data["site"])),
            form_id=UUID(form.cleaned_data["form"]), request_key=key, now=now,
        )  # fmt: skip
        messages.success(request, _("Offered. The patient is told that a form waits."))
        return True
    return False


def _say(request: portal.PortalRequest, act: Callable[[], object], said: str) -> None:
    with portal.refusals_above(request):
        act()
        messages.success(request, said)


def _sites(request: portal.PortalRequest, roles: frozenset[Role], now: datetime) -> dict[SiteId, str]:
    """The clinics where the reader has one of these roles, by name."""
    mine = ((each.site_id, each.name) for each in scheduling.list_sites(now=now))
    found = [pair for pair in mine if request.actor.roles_at(pair[0]) & roles]
    return dict(sorted(found, key=lambda pair: pair[1].casefold()))


def _sites_for(request: portal.PortalRequest, about: PersonId, now: datetime) -> dict[SiteId, str]:
    theirs = scheduling.list_sites_of_patient(person_ids=access.ids_of(about))
    return {key: name for key, name in _sites(request, access.ASKERS, now).items() if key in theirs}


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
