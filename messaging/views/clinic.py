"""The care team's pages: the queue of a site, and one conversation to answer, hand on or close."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from messaging import access, ports, presenters, reading
from messaging import service as messaging
from messaging.forms import AnswerForm, AssignForm, CloseForm
from messaging.types import ConversationView, Side, State
from messaging.views.attempting import Attempt, attempt
from messaging.views.conversations import clinicians_of
from steadwell import clock
from steadwell.errors import Invalid, NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId, UserId
from steadwell.portal import service as portal

READERS = access.CARE_TEAM
_MOST_IN_PANEL = 5


@require_GET
@portal.requires(*READERS)
@never_cache
def queue(request: portal.PortalRequest) -> HttpResponse:
    now = clock.now()
    sites = _sites(request, now)
    site = portal.site_asked(request, sites)
    state = _state_asked(request)
    found = messaging.list_queue(actor=request.actor, site_id=site, state=state, now=now)
    names = portal.listed_names(request, (each.person_id for each in found), now)
    zone = ports.clinic().site_zone(site_id=site, now=now)
    rows = presenters.rows_for_team(
        found, names, _holders(request, site, now), sites,
        zone, now=now,
    )  # fmt: skip
    context = {"site": site, "sites": sites, "tabs": _tabs(site, state), "rows": rows, "state": state.value}
    return render(request, "messaging/clinic/queue.html", context)


@require_http_methods(["GET", "POST"])
@portal.requires(*READERS)
@never_cache
def conversation(request: portal.PortalRequest, conversation_id: UUID) -> HttpResponse:
    """The forms keep what was typed, also where somebody was faster; then what is new stands out."""
    now = clock.now()
    form, answered = None, Attempt()
    if request.method == "POST":
        form, answered = _answered(request, conversation_id, now)
        if answered.done:
            messages.success(request, _SAID[request.POST["act"]]())
            return redirect("clinic-messaging:conversation", conversation_id)
    found = messaging.read_conversation(
        actor=request.actor, conversation_id=conversation_id, side=Side.CARE_TEAM, now=now
    )
    seen = portal.seen_version(request) if answered.stale else found.version
    return render(
        request,
        "messaging/clinic/conversation.html",
        _context(request, found, form, seen, now),
        status=answered.status,
    )


_SAID = {
    "answer": lambda: _("Sent: the patient is told that there is an answer."),
    "close": lambda: _("Closed: the patient is told why."),
    "assign": lambda: _("Noted."),
}


def _answered(request: portal.PortalRequest, conversation_id: UUID, now: datetime) -> tuple[Form, Attempt]:
    act, seen, key = request.POST.get("act", ""), portal.seen_version(request), portal.request_key(request)
    form = _form(request, act, conversation_id, now)

    def do() -> ConversationView:
        said = form.cleaned_data
        if act == "answer":
            return messaging.answer(
                actor=request.actor, conversation_id=conversation_id, seen_version=seen, text=said["text"],
                request_key=key, now=now,
            )  # fmt: skip
        if act == "close":
            return messaging.close_conversation(
                actor=request.actor, conversation_id=conversation_id, seen_version=seen,
                reason=said["reason"], request_key=key, now=now,
            )  # fmt: skip
        return messaging.assign_conversation(
            actor=request.actor, conversation_id=conversation_id, seen_version=seen, to=_chosen(said["to"]),
            request_key=key, now=now,
        )  # fmt: skip

    return form, attempt(form, do)


def _form(request: portal.PortalRequest, act: str, conversation_id: UUID, now: datetime) -> Form:
    if act == "answer":
        return AnswerForm(request.POST)
    if act == "close":
        return CloseForm(request.POST)
    if act != "assign":
        raise Invalid
    site, holder = reading.find_holder(actor=request.actor, conversation_id=conversation_id)
    holders = _holders(request, site, now)
    return AssignForm(request.POST, team=_team(request.actor.user_id, holders, holder=holder))


def _context(
    request: portal.PortalRequest, found: ConversationView, form: Form | None, seen: int, now: datetime
) -> dict[str, object]:
    site, actor = found.site_id, request.actor
    person = identity.get_person(actor=actor, person_id=found.person_id, now=now)
    holders = _holders(request, site, now)
    page = presenters.page_for_team(
        found, reader=actor.user_id, place=ports.clinic().site_names(now=now).get(site, ""), holders=holders,
        clinicians=clinicians_of(found, now), seen=seen, zone=ports.clinic().site_zone(site_id=site, now=now),
        now=now,
    )  # fmt: skip
    held = str(found.assigned_to) if found.assigned_to else AssignForm.NOBODY
    return {
        "page": page,
        "patient": portal.listed_name(person),
        "facts": portal.person_facts(person),
        "queue": f"{reverse('clinic-messaging:queue')}?{portal.SITE_FIELD}={site}",
        "form": form,
        "answer": form if isinstance(form, AnswerForm) else AnswerForm(),
        "close": form if isinstance(form, CloseForm) else CloseForm(),
        "assign": form if isinstance(form, AssignForm) else AssignForm(
            team=_team(actor.user_id, holders, holder=found.assigned_to), initial={"to": held}
        ),
        "me": str(actor.user_id),
        "is_mine": found.assigned_to is not None and found.assigned_to == actor.user_id,
        "holder": holders.get(found.assigned_to, _("A colleague")) if found.assigned_to else "",
    }  # fmt: skip


def _holders(request: portal.PortalRequest, site: SiteId, now: datetime) -> Mapping[UserId, str]:
    """Who may see to something, in words: clinicians by name."""
    team = messaging.list_team(actor=request.actor, site_id=site, now=now)
    known = {each for each in team.values() if each}
    names = ports.clinic().practitioner_names(practitioner_ids=known, now=now) if known else {}
    found = {
        user_id: (names.get(practitioner_id, "") if practitioner_id else "") or _("A colleague")
        for user_id, practitioner_id in team.items()
    }
    return found | ({request.actor.user_id: _("You")} if request.actor.user_id else {})


def _team(
    me: UserId | None, holders: Mapping[UserId, str], *, holder: UserId | None
) -> list[tuple[str, str]]:
    """Nobody, oneself, and every clinician by name: accounts of the front desk have none to choose by, but
    for the one who has it.
    """
    nameless = _("A colleague")
    others = [
        (str(each), name)
        for each, name in holders.items()
        if each != me and (name != nameless or each == holder)
    ]
    return [
        (AssignForm.NOBODY, _("Nobody yet")),
        (str(me), _("Me")),
        *sorted(others, key=lambda pair: pair[1].casefold()),
    ]


def _chosen(value: str) -> UserId | None:
    return None if value == AssignForm.NOBODY else UserId(UUID(value))


def _sites(request: portal.PortalRequest, now: datetime) -> dict[SiteId, str]:
    """The clinics where the reader answers, by name."""
    names = ports.clinic().site_names(now=now)
    mine = {site: name for site, name in names.items() if access.answering_roles(request.actor, site)}
    return dict(sorted(mine.items(), key=lambda pair: pair[1].casefold()))


def _state_asked(request: portal.PortalRequest) -> State:
    try:
        return State(request.GET.get("state", State.WAITING.value))
    except ValueError as error:
        raise NotFound from error


def _tabs(site: SiteId, current: State) -> list[dict[str, object]]:
    labels = {State.WAITING: _("To be answered"), State.ANSWERED: _("Answered"), State.CLOSED: _("Closed")}
    base = f"{reverse('clinic-messaging:queue')}?{portal.SITE_FIELD}={site}"
    return [
        {"label": label, "url": f"{base}&state={state.value}", "current": state is current}
        for state, label in labels.items()
    ]


def clinic_panel(request: portal.PortalRequest) -> portal.Panel | None:
    """Above the clinic's day: messages that wait."""
    count = reading.count_waiting(request.actor)
    return (
        portal.Panel(template="messaging/clinic/_panel.html", context={"waiting": count}) if count else None
    )


def patient_panel(request: portal.PortalRequest) -> portal.Panel | None:
    """On a patient's page of staff: their latest conversations, as far as the reader answers such."""
    match = request.resolver_match
    person_id = match.kwargs.get("person_id") if match else None
    if person_id is None:
        return None
    now = clock.now()
    found = messaging.list_conversations(
        actor=request.actor, person_id=PersonId(person_id), now=now, limit=_MOST_IN_PANEL
    )
    if not found or request.actor.stands_for(PersonId(person_id)):
        return None
    rows = presenters.rows_for_patient(found, ports.clinic().site_names(now=now), _zones(found, now), now=now)
    return portal.Panel(template="messaging/clinic/_patient.html", context={"rows": rows})


def _zones(found: Iterable[ConversationView], now: datetime) -> Mapping[SiteId, str]:
    return {each.site_id: ports.clinic().site_zone(site_id=each.site_id, now=now) for each in found}
