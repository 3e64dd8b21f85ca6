"""What a clinic decides about reading: its times, who is on call, who covers for whom."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from labs.ports import directory
from labs.presenters import clinic_words
from labs.review import delegation, oncall, rules
from labs.views.clinic import standing_choice
from labs.views.clinic.forms import RulesForm, StandingForm, StretchForm
from labs.views.clinic.inbox import uuid_in
from labs.views.clinic.standing import READERS, names_of, zones_of
from steadwell import clock
from steadwell.actor import Actor, Role
from steadwell.errors import NotFound
from steadwell.ids import SiteId
from steadwell.portal import service as portal

MANAGERS = frozenset({Role.MANAGER, Role.ADMINISTRATOR})


@require_GET
@portal.requires(*READERS)
def keys(request: portal.PortalRequest) -> HttpResponse:
    return render(request, "labs/clinic/keys.html")


@require_http_methods(["GET", "POST"])
@portal.requires(*MANAGERS)
def site_settings(request: portal.PortalRequest) -> HttpResponse:
    """The times of one clinic and its roster."""
    now, actor = clock.now(), request.actor
    site, sites = site_asked(request)
    kept = rules.rules_of(site)
    form = RulesForm(
        request.POST or None,
        initial={
            "normal_hours": kept.normal_hours,
            "abnormal_hours": kept.abnormal_hours,
            "critical_minutes": kept.critical_minutes,
        },
    )
    if request.method == "POST" and form.is_valid():
        rules.set_rules(actor=actor, site_id=site, rules=rules.Rules(**form.cleaned_data), now=now)
        messages.success(request, _("Saved. They hold for what comes in from now on."))
        return HttpResponseRedirect(f"{reverse('clinic-labs:settings')}?site={site}")
    return _settings_page(request, site, sites, form=form)


@require_POST
@portal.requires(*MANAGERS)
def set_standing(request: portal.PortalRequest) -> HttpResponse:
    """When patients who chose nothing see their results."""
    site, sites = site_asked(request)
    form = standing_choice.form_for(site, request.POST)
    if standing_choice.save(form, actor=request.actor, site=site):
        messages.success(request, _("Saved. It holds for results that come from now on."))
        return HttpResponseRedirect(f"{reverse('clinic-labs:settings')}?site={site}")
    return _settings_page(request, site, sites, standing=form)


@require_POST
@portal.requires(*MANAGERS)
def put_on_call(request: portal.PortalRequest) -> HttpResponse:
    now, actor = clock.now(), request.actor
    site, sites = site_asked(request)
    form = _roster_form(actor, site, request.POST)
    if form.is_valid():
        starts_at, ends_at = form.stretch(zones_of([site])[site])
        with portal.refusals_on(form):
            oncall.add_shift(
                actor=actor, site_id=site, practitioner_id=uuid_in(form.cleaned_data["who"]),
                starts_at=starts_at, ends_at=ends_at, request_key=portal.request_key(request), now=now,
            )  # fmt: skip
            messages.success(request, _("On the roster."))
            return HttpResponseRedirect(f"{reverse('clinic-labs:settings')}?site={site}")
    return _settings_page(request, site, sites, roster=form)


@require_POST
@portal.requires(*MANAGERS)
def end_shift(request: portal.PortalRequest, shift_id: UUID) -> HttpResponse:
    oncall.end_shift(actor=request.actor, shift_id=shift_id, now=clock.now())
    messages.success(request, _("Off the roster."))
    site, _sites = site_asked(request)
    return HttpResponseRedirect(f"{reverse('clinic-labs:settings')}?site={site}")


@require_http_methods(["GET", "POST"])
@portal.requires(*READERS)
def away(request: portal.PortalRequest) -> HttpResponse:
    """Who reads one's results while one is away, and for whom one reads."""
    now, actor = clock.now(), request.actor
    me = actor.practitioner_id
    if me is None:
        raise NotFound
    sites = sorted(actor.site_ids)
    zone = next(iter(zones_of(sites).values()), "UTC")
    people = {
        who: name
        for site in sites
        for who, name in delegation.colleagues(actor=actor, site_id=site, now=now).items()
        if who != me
    }
    form = StretchForm([(str(who), name) for who, name in people.items()], request.POST or None)
    if request.method == "POST" and form.is_valid():
        starts_at, ends_at = form.stretch(zone)
        with portal.refusals_on(form):
            delegation.cover(
                actor=actor, practitioner_id=me, to_id=uuid_in(form.cleaned_data["who"]),
                starts_at=starts_at, ends_at=ends_at, request_key=portal.request_key(request), now=now,
            )  # fmt: skip
            messages.success(request, _("Arranged. It ends by itself."))
            return HttpResponseRedirect(reverse("clinic-labs:away"))
    covers = delegation.list_covers(actor=actor, now=now)
    names = names_of(each for cover in covers for each in (cover.practitioner_id, cover.to_id))
    moment = clinic_words.short_moment
    rows = [
        {
            "away_id": cover.away_id,
            "mine": cover.practitioner_id == me,
            "name": names.get(cover.to_id if cover.practitioner_id == me else cover.practitioner_id, ""),
            "from": moment(cover.starts_at, zone, now=now),
            "until": moment(cover.ends_at, zone, now=now),
        }
        for cover in covers
    ]
    return render(request, "labs/clinic/away.html", {"form": form, "rows": rows})


@require_POST
@portal.requires(*READERS)
def end_cover(request: portal.PortalRequest, away_id: UUID) -> HttpResponse:
    delegation.end_cover(actor=request.actor, away_id=away_id, now=clock.now())
    messages.success(request, _("Ended."))
    return HttpResponseRedirect(reverse("clinic-labs:away"))


def site_asked(request: portal.PortalRequest) -> tuple[SiteId, list[tuple[SiteId, str]]]:
    """The clinic that the address names, of those the actor manages; the first one otherwise."""
    names = directory().site_names(now=clock.now())
    sites = [
        (site, name)
        for site, name in sorted(names.items(), key=lambda item: item[1])
        if request.actor.roles_at(site) & MANAGERS
    ]
    wanted = request.GET.get("site") or request.POST.get("site") or ""
    found = [site for site, _name in sites if not wanted or str(site) == wanted]
    if not found:
        raise NotFound
    return found[0], sites


def _roster_form(actor: Actor, site: SiteId, data: object = None) -> StretchForm:
    people = delegation.colleagues(actor=actor, site_id=site, now=clock.now())
    return StretchForm([(str(who), name) for who, name in people.items()], data, auto_id="roster_%s")


def _settings_page(
    request: portal.PortalRequest,
    site: SiteId,
    sites: list[tuple[SiteId, str]],
    *,
    form: RulesForm | None = None,
    roster: StretchForm | None = None,
    standing: StandingForm | None = None,
) -> HttpResponse:
    now, actor = clock.now(), request.actor
    zone = zones_of([site])[site]
    shifts = oncall.list_shifts(actor=actor, site_id=site, now=now)
    names = names_of(shift.practitioner_id for shift in shifts)
    kept = rules.rules_of(site)
    moment = clinic_words.short_moment
    context = {
        "site": site,
        "sites": sites,
        "form": form
        or RulesForm(
            initial={
                "normal_hours": kept.normal_hours,
                "abnormal_hours": kept.abnormal_hours,
                "critical_minutes": kept.critical_minutes,
            }
        ),
        "standing_form": standing or standing_choice.form_for(site),
        "roster_form": roster or _roster_form(actor, site),
        "shifts": [
            {
                "shift_id": shift.shift_id,
                "name": names.get(shift.practitioner_id, ""),
                "from": moment(shift.starts_at, zone, now=now),
                "until": moment(shift.ends_at, zone, now=now),
                "now": shift.starts_at <= now,
            }
            for shift in shifts
        ],
    }
    return render(request, "labs/clinic/settings.html", context)
