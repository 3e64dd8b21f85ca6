"""How one wants to be told, and where: preferences and contact points of patients and of those who act for
them.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from notifications import contact_points
from notifications import preferences as choosing
from notifications.errors import CodeNotRight, TooManyCodes
from notifications.forms import CodeForm, ContactForm, PreferencesForm
from notifications.types import ContactView
from notifications.views.reading import READERS, chosen_person, people_of, tabs_of
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.errors import NotFound, Refusal
from steadwell.ids import PersonId
from steadwell.portal.service import Panel, PortalRequest, refuse, requires


@require_http_methods(["GET", "POST"])
@never_cache
@requires(*READERS)
def preferences(request: PortalRequest) -> HttpResponseBase:
    """Which news comes by which way, when, and in which language."""
    people = people_of(request.actor)
    person_id = chosen_person(request, people)
    found = choosing.get_preferences(actor=request.actor, person_id=person_id)
    if request.method == "POST":
        form = PreferencesForm(request.POST)
        if form.is_valid():
            _save(request, form, person_id)
            with translation.override(form.cleaned_data["language"]):
                messages.success(request, _("Your choices are saved."))
            return HttpResponseRedirect(
                f"{reverse('notifications_preferences')}?{urlencode({'for': person_id})}"
            )
    else:
        contact = accounts.contacts_of_users([request.actor.user_id] if request.actor.user_id else [])
        own = next(iter(contact.values()))
        form = PreferencesForm.of(found, language=own.language, time_zone=own.time_zone)
    context = {
        "form": form,
        "person_id": person_id,
        "has_sms": found.has_sms,
        "whose": tabs_of(request.actor, people, person_id, "notifications_preferences"),
    }
    return render(request, "notifications/preferences.html", context)


def _save(request: PortalRequest, form: PreferencesForm, person_id: PersonId) -> None:
    now, user_id = clock.now(), request.actor.user_id
    assert user_id is not None  # noqa: S101 - requires() lets in nobody else
    choosing.choose(
        actor=request.actor,
        person_id=person_id,
        choices=form.choices_of(person_id, user_id),
        offsets=form.offsets(),
        times=form.times(),
        now=now,
    )
    accounts.set_preferences(
        actor=request.actor,
        user_id=user_id,
        language=form.cleaned_data["language"],
        time_zone=form.cleaned_data["time_zone"],
        now=now,
    )


@require_http_methods(["GET", "POST"])
@never_cache
@requires(*READERS)
def contacts(request: PortalRequest) -> HttpResponseBase:
    """The reader's addresses; one more is confirmed by a code."""
    now = clock.now()
    form = ContactForm(request.POST if request.method == "POST" else None, initial={"channel": "sms"})
    if request.method == "POST" and form.is_valid():
        try:
            added = contact_points.add_contact(
                actor=request.actor,
                channel=form.cleaned_data["channel"],
                address=form.cleaned_data["address"],
                now=now,
            )
        except Refusal as refusal:
            refuse(form, refusal)
        else:
            return _to_code(added)
    found = contact_points.list_contacts(actor=request.actor)
    contact_points.mark_failures_seen(actor=request.actor, now=now)
    return render(request, "notifications/contacts.html", {"form": form, "rows": found})


@require_http_methods(["GET", "POST"])
@never_cache
@requires(*READERS)
def confirm(request: PortalRequest, contact_id: UUID) -> HttpResponseBase:
    """Enter the code."""
    rows = contact_points.list_contacts(actor=request.actor)
    row = next((each for each in rows if each.contact_id == contact_id), None)
    if row is None:
        raise NotFound
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        done = _refused_on(
            form,
            lambda: contact_points.confirm_contact(
                actor=request.actor, contact_id=contact_id, code=code, now=clock.now()
            ),
        )
        if done:
            messages.success(request, _("The address is confirmed. We use it from now on."))
            return HttpResponseRedirect(reverse("notifications_contacts"))
    return render(request, "notifications/confirm.html", {"form": form, "row": row})


@require_POST
@requires(*READERS)
def new_code(request: PortalRequest, contact_id: UUID) -> HttpResponseBase:
    try:
        contact_points.send_new_code(actor=request.actor, contact_id=contact_id, now=clock.now())
    except TooManyCodes as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(request, _("We sent a new code."))
    return HttpResponseRedirect(reverse("notifications_confirm", kwargs={"contact_id": contact_id}))


@require_POST
@requires(*READERS)
def remove(request: PortalRequest, contact_id: UUID) -> HttpResponseBase:
    contact_points.remove_contact(actor=request.actor, contact_id=contact_id, now=clock.now())
    messages.success(request, _("We do not write there any more."))
    return HttpResponseRedirect(reverse("notifications_contacts"))


def unreachable_panel(request: PortalRequest) -> Panel | None:
    """On the first page after signing in: messages came back from an address."""
    count = contact_points.unseen_failures(actor=request.actor)
    return Panel(template="notifications/panels/unreachable.html", context={"n": count}) if count else None


def _to_code(added: ContactView) -> HttpResponseBase:
    if added.is_verified:
        return HttpResponseRedirect(reverse("notifications_contacts"))
    return HttpResponseRedirect(reverse("notifications_confirm", kwargs={"contact_id": added.contact_id}))


def _refused_on(form: forms.Form, work: Callable[[], object]) -> bool:
    try:
        work()
    except CodeNotRight as refusal:
        refuse(form, refusal)
        return False
    return True
