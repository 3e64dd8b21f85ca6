"""The patient's pages: the list, one conversation, and a new one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from messaging import ports, presenters, promising
from messaging import service as messaging
from messaging.forms import MessageForm, NewForm
from messaging.types import ConversationView, Side, Subject
from messaging.views.attempting import attempt
from steadwell import clock
from steadwell.errors import NotFound
from steadwell.ids import SiteId
from steadwell.portal import service as portal


def zone_at(site_id: SiteId, now: datetime) -> str:
    """The reader's own where they chose one, else the clinic's: nobody here lives by UTC."""
    chosen = portal.reader_zone()
    return str(chosen) if chosen is not None else ports.clinic().site_zone(site_id=site_id, now=now)


@portal.requires(*portal.READERS)
@never_cache
@require_safe
def conversations(request: portal.PortalRequest) -> HttpResponse:
    now = clock.now()
    whose = portal.about(request, now)
    found = messaging.list_conversations(actor=request.actor, person_id=whose.person_id, now=now)
    zones = {each.site_id: zone_at(each.site_id, now) for each in found}
    rows = presenters.rows_for_patient(found, ports.clinic().site_names(now=now), zones, now=now)
    return render(request, "messaging/conversations.html", {"about": whose, "rows": rows})


@portal.requires(*portal.READERS)
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: portal.PortalRequest) -> HttpResponse:
    now = clock.now()
    whose = portal.about(request, now)
    sites = messaging.list_sites(actor=request.actor, person_id=whose.person_id, now=now)
    if not sites:
        raise NotFound
    names = ports.clinic().site_names(now=now)
    form = NewForm(
        request.POST if request.method == "POST" else None,
        subjects=[(each.value, presenters.SUBJECT[each]) for each in Subject],
        sites=[(str(site), names[site]) for site in sites],
    )
    begun = attempt(
        form,
        lambda: messaging.start_conversation(
            actor=request.actor,
            person_id=whose.person_id,
            site_id=SiteId(UUID(form.cleaned_data.get("site", str(sites[0])))),
            subject=Subject(form.cleaned_data["subject"]),
            text=form.cleaned_data["text"],
            request_key=portal.request_key(request),
            now=now,
        ),
    )
    if begun.done:
        messages.success(request, _("Your message was sent."))
        return redirect("messaging:conversation", begun.done.conversation_id)
    context = {
        "about": whose,
        "form": form,
        "place": names[sites[0]] if len(sites) == 1 else "",
        "day": presenters.promised(promising.answer_by(sites[0], now), zone_at(sites[0], now)),
        **_telephone(sites[0] if len(sites) == 1 else None, now),
    }
    return render(request, "messaging/new.html", context)


@portal.requires(*portal.READERS)
@never_cache
@require_http_methods(["GET", "POST"])
def conversation(request: portal.PortalRequest, conversation_id: UUID) -> HttpResponse:
    """One conversation; what is sent from it is a further message."""
    now = clock.now()
    form = MessageForm(request.POST if request.method == "POST" else None)
    written = attempt(
        form,
        lambda: messaging.write_message(
            actor=request.actor,
            conversation_id=conversation_id,
            text=form.cleaned_data["text"],
            request_key=portal.request_key(request),
            now=now,
        ),
    )
    if written.done:
        messages.success(request, _("Your message was sent."))
        return redirect("messaging:conversation", conversation_id)
    found = messaging.read_conversation(
        actor=request.actor, conversation_id=conversation_id, side=Side.PATIENT, now=now
    )
    context = {
        "about": portal.about(request, now, found.person_id),
        "page": _page(request, found, now),
        "form": form,
        **_telephone(found.site_id, now),
    }
    return render(request, "messaging/conversation.html", context)


def _page(request: portal.PortalRequest, found: ConversationView, now: datetime) -> presenters.Page:
    return presenters.page_for_patient(
        found,
        reader=request.actor.user_id,
        place=ports.clinic().site_names(now=now).get(found.site_id, ""),
        clinicians=clinicians_of(found, now),
        zone=zone_at(found.site_id, now),
        now=now,
    )


def clinicians_of(found: ConversationView, now: datetime) -> presenters.Clinicians:
    known = {each.practitioner_id for each in found.entries if each.practitioner_id}
    return ports.clinic().practitioner_names(practitioner_ids=known, now=now) if known else {}


def _telephone(site_id: SiteId | None, now: datetime) -> dict[str, str]:
    phone = ports.clinic().site_phone(site_id=site_id, now=now) if site_id else ""
    return {"phone": phone, "tel": "".join(each for each in phone if each.isdigit() or each == "+")}
