"""When a patient wants to see results: a part of the preferences page, and where its form goes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from labs import choices
from labs.forms import ChoiceForm
from steadwell import clock
from steadwell.errors import NotFound, Stale
from steadwell.ids import PersonId
from steadwell.portal.service import FIELD, READERS, Panel, PortalRequest, requires


def choice_panel(request: PortalRequest) -> Panel | None:
    """The form, for the person whom the page is about, where the reader may choose for them."""
    person_id = _person(request)
    if person_id is None:
        return None
    view = _view(request, person_id, clock.now())
    if not view.may_choose or len(view.offered) < 2:
        return None
    form = ChoiceForm(initial={"choice": view.choice, "seen": view.version}, offered=view.offered)
    return Panel(template="labs/_choice.html", context={"choice_form": form, "person_id": person_id})


@requires(*READERS)
@require_POST
def choose(request: PortalRequest) -> HttpResponse:
    person_id = _person(request)
    if person_id is None:
        raise NotFound
    now = clock.now()
    form = ChoiceForm(request.POST, offered=_view(request, person_id, now).offered)
    if form.is_valid():
        try:
            choices.choose(
                actor=request.actor, person_id=person_id, choice=form.chosen, seen=form.cleaned_data["seen"],
                now=now,
            )  # fmt: skip
            messages.success(request, _("Your choice is saved. It counts for results that come from now on."))
        except Stale as stale:
            messages.warning(request, stale.text)
    else:
        messages.warning(request, _("Choose one of the three."))
    return redirect(f"{reverse('notifications_preferences')}?{FIELD}={person_id}")


def _view(request: PortalRequest, person_id: PersonId, now: datetime) -> choices.ChoiceView:
    return choices.get_choice(actor=request.actor, person_id=person_id, site_id=None, now=now)


def _person(request: PortalRequest) -> PersonId | None:
    """Whom it is about, as the preferences page decides it: the one asked for, else the reader."""
    actor = request.actor
    text = request.POST.get(FIELD) or request.GET.get(FIELD)
    if not text:
        first = sorted(actor.proxy_for)
        return actor.person_id or (first[0] if first else None)
    try:
        asked = PersonId(UUID(text))
    except ValueError:
        return None
    return asked if actor.stands_for(asked) else None
