"""Invitations of the clinic: written, worked out, started and watched."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notifications import ports
from notifications.campaigns import access, running, showing
from notifications.campaigns.forms import CampaignForm
from notifications.errors import CampaignMoved
from notifications.models.campaigns import CampaignState
from steadwell import clock
from steadwell.errors import Busy, Invalid
from steadwell.identity import service as identity
from steadwell.portal.service import PortalRequest, refuse, request_key, requires

ROLES = access.ROLES
UNDER_WAY = (CampaignState.PLANNING, CampaignState.RUNNING)


@require_GET
@never_cache
@requires(*ROLES)
def overview(request: PortalRequest) -> HttpResponseBase:
    rows = [showing.line(each) for each in access.list_campaigns(actor=request.actor)]
    return render(request, "notifications/campaigns/overview.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@never_cache
@requires(*ROLES)
def new(request: PortalRequest) -> HttpResponseBase:
    """Save one: nobody is told by that."""
    now = clock.now()
    form = CampaignForm(request.POST if request.method == "POST" else None, actor=request.actor, now=now)
    if request.method == "POST" and form.is_valid():
        try:
            made = running.create(
                actor=request.actor,
                name=form.cleaned_data["name"],
                template=form.cleaned_data["template"],
                criteria=form.criteria(),
                per_minute=form.cleaned_data["per_minute"],
                request_key=request_key(request),
                now=now,
            )
        except Invalid as refusal:
            refuse(form, refusal)
        else:
            return HttpResponseRedirect(_address(made.campaign_id))
    return render(request, "notifications/campaigns/new.html", {"form": form})


@require_GET
@never_cache
@requires(*ROLES)
def campaign(request: PortalRequest, campaign_id: UUID) -> HttpResponseBase:
    """Who gets what, when and in which language; and how far it is."""
    now, actor = clock.now(), request.actor
    found = access.get_campaign(actor=actor, campaign_id=campaign_id)
    people = access.list_invited(actor=actor, campaign_id=campaign_id)
    names = identity.names(actor=actor, person_ids=[each.person_id for each in people], now=now)
    context = {
        "campaign": found,
        "line": showing.line(found),
        "facts": showing.facts(found, now=now),
        "timing": showing.timing(found, now=now, zone=ports.clinic().zone_of(site_id=found.site_id, now=now)),
        "groups": showing.groups(access.list_groups(actor=actor, campaign_id=campaign_id)),
        "people": showing.invited(people, names),
        "words": [(word, *showing.WORDS[word]) for word in showing.POSSIBLE[found.state]],
        "under_way": found.state in UNDER_WAY,
    }
    return render(request, "notifications/campaigns/campaign.html", context)


@require_POST
@requires(*ROLES)
def move(request: PortalRequest, campaign_id: UUID, word: str) -> HttpResponseBase:
    try:
        running.move(actor=request.actor, campaign_id=campaign_id, word=word, now=clock.now())
    except (CampaignMoved, Busy) as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(request, _("Done."))
    return HttpResponseRedirect(_address(campaign_id))


def _address(campaign_id: UUID) -> str:
    return reverse("notifications_campaign", kwargs={"campaign_id": campaign_id})
