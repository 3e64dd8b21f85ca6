"""The apps that a person let in: what each may see, what it read, and one tap that ends it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fhir_facade.oauth import addresses, approvals, consent, wanted
from fhir_facade.oauth.models import Approval, Kind, Registration, ReviewState
from fhir_facade.server.search import running
from fhir_facade.subscriptions import shown
from scheduling import service as scheduling
from steadwell import clock
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId
from steadwell.portal import service as portal
from steadwell.relations import Sql

_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """One approval as its person reads it."""

    id: UUID
    app: str
    publisher: str
    purpose: str
    whose: str
    may: list[tuple[str, list[str]]]
    since: str
    until: str
    ended: str
    reads: list[tuple[str, str]]
    told: list[tuple[str, str]]


@require_GET
@portal.requires()
def apps(request: portal.PortalRequest) -> HttpResponse:
    now = clock.now()
    found = list(_of(request, now=now))
    live = [each for each in found if not each.ended]
    return render(
        request,
        "fhir_facade/oauth/apps.html",
        {"live": live, "ended": [each for each in found if each.ended]},
    )


@require_POST
@portal.requires()
def end(request: portal.PortalRequest, approval_id: UUID) -> HttpResponse:
    approvals.end(actor=request.actor, approval_id=approval_id, now=clock.now())
    messages.success(request, _("The app is cut off. It can see nothing any more."))
    return HttpResponseRedirect(reverse("oauth:apps"))


@require_GET
@portal.requires(Role.CLINICIAN)
def launch(request: portal.PortalRequest, person_id: UUID, client_id: UUID) -> HttpResponse:
    """Open an app on a patient's chart: the app comes back to `authorizing` with what it was given here."""
    now = clock.now()
    registration = (
        Registration.objects.select_related("client")
        .filter(client_id=client_id, kind=Kind.STAFF_APP, state=ReviewState.APPROVED, client__active=True)
        .exclude(launch_url="")
        .first()
    )
    if registration is None:
        raise NotFound
    identity.get_person(actor=request.actor, person_id=PersonId(person_id), now=now)  # may this reader?
    secret = secrets.token_urlsafe(32)
    approvals.open_launch(
        actor=request.actor, client=registration.client, person_id=PersonId(person_id), secret=secret,
        now=now, encounter_id=_encounter_of(request.actor, PersonId(person_id)),
    )  # fmt: skip
    query = urlencode({"iss": addresses.fhir_base(), "launch": secret})
    return HttpResponseRedirect(
        f"{registration.launch_url}{'&' if '?' in registration.launch_url else '?'}{query}"
    )


def _encounter_of(actor: Actor, person_id: PersonId) -> UUID | None:
    """The visit that the patient is at just now, where this reader may see it."""
    rows = scheduling.describe_encounter_rows(actor=actor)
    ids = list(identity.ids_for(actor, person_id))
    here = Sql(
        ") t WHERE t.person_id = ANY (%s) AND t.status IN ('arrived', 'in-progress')"
        " ORDER BY t.began_at DESC LIMIT 1",
        (ids,),
    )
    found = running.fetch(Sql("SELECT t.id FROM (") + rows + here)
    return found[0][0] if found else None


def staff_apps_panel(request: portal.PortalRequest) -> portal.Panel | None:
    """On a patient's page: apps that open on their chart."""
    person_id = (request.resolver_match.kwargs if request.resolver_match else {}).get("person_id")
    found = list(
        Registration.objects.filter(kind=Kind.STAFF_APP, state=ReviewState.APPROVED, client__active=True)
        .exclude(launch_url="").select_related("client").order_by("client__name", "pk")[:_MOST]
    )  # fmt: skip
    if not found or person_id is None:
        return None
    rows = [(each.client.name, reverse("oauth:launch", args=[person_id, each.client_id])) for each in found]
    return portal.Panel(template="fhir_facade/oauth/_staff_apps.html", context={"apps": rows})


def _of(request: portal.PortalRequest, *, now: datetime) -> list[Connected]:
    """Those this person let in, and those that somebody let into their record."""
    actor = request.actor
    mine = Q(user_id=actor.user_id)
    if actor.person_id is not None:
        mine |= Q(person_id__in=list(actor.ids_of(actor.person_id)))
    found = list(
        Approval.objects.filter(mine).select_related("client").order_by("-approved_at", "-id")[:_MOST]
    )
    about = {
        each.client_id: each for each in Registration.objects.filter(client__in={a.client_id for a in found})
    }
    people = [
        PersonId(each.person_id)
        for each in found
        if each.person_id and actor.stands_for(PersonId(each.person_id))
    ]
    names = identity.names(actor=actor, person_ids=people, now=now) if people else {}
    reads = _reads(request, people)
    told = shown.told_to(each.pk for each in found)
    rows = []
    for each in found:
        registration = about.get(each.client_id)
        person = names.get(PersonId(each.person_id)) if each.person_id else None
        rows.append(
            Connected(
                id=each.pk, app=each.client.name, publisher=registration.publisher if registration else "",
                purpose=registration.purpose if registration else "",
                whose=f"{person.given_name} {person.family_name}" if person else "",
                may=consent.grouped(consent.lines(wanted.sorted_out(each.scopes.split()))),
                since=portal.day_text(each.approved_at.date(), "day-short-year"),
                until=portal.day_text(each.ends_at.date(), "day-short-year"),
                ended=_ended(each, now), reads=reads.get(each.client.client_id, []),
                told=[_told(one) for one in told.get(each.pk, [])],
            )
        )  # fmt: skip
    return rows


def _ended(approval: Approval, now: datetime) -> str:
    if approval.ended_at is not None:
        return portal.day_text(approval.ended_at.date(), "day-short-year")
    return portal.day_text(approval.ends_at.date(), "day-short-year") if approval.ends_at <= now else ""


def _reads(request: portal.PortalRequest, people: list[PersonId]) -> dict[str, list[tuple[str, str]]]:
    """By client: which kinds of data it saw, and when last. From the audit trail."""
    found: dict[str, list[tuple[str, str]]] = {}
    for person_id in dict.fromkeys(people):
        for use in audit.uses_by_clients(actor=request.actor, person_id=person_id):
            words = str(consent.WORDS.get(use.category, use.category))
            found.setdefault(use.client, []).append((words, _moment(use.last_at)))
    return found


def _told(one: shown.Told) -> tuple[str, str]:
    """What the app is sent, and when last."""
    words = _("when %(something)s") % {"something": one.words}
    if one.whole:
        words = _("when %(something)s, with what it says") % {"something": one.words}
    return words, _moment(one.last_at) if one.last_at else ""


def _moment(at: datetime) -> str:
    zone = portal.reader_zone()
    return portal.moment_text(at, str(zone) if zone else "UTC")
