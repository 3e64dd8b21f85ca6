"""A patient's pages: the forms that a clinic asked for, each filled in at its own address."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from fhir_facade.forms import answering, filling, presenting, questions
from fhir_facade.forms.errors import FormChanged
from fhir_facade.forms.fields import FillForm
from fhir_facade.forms.models import OfferState
from fhir_facade.forms.types import Answers, Filled, Form, ToFill
from steadwell import clock
from steadwell.portal import service as portal

_MORE = gettext_lazy("Your answers lead to more questions. Please answer them too, then send the form.")


@portal.requires(*portal.READERS)
@never_cache
@require_safe
def own(request: portal.PortalRequest) -> HttpResponse:
    """Every form of one person: what is to be filled in first."""
    now = clock.now()
    about = portal.whose(request, now=now)
    context: dict[str, object] = {"about": about, "field": portal.FIELD}
    if about is None:
        context["people"] = portal.choices(request, now=now)
    else:
        found = filling.list_own(actor=request.actor, person_id=about.person_id, now=now)
        context["rows"] = presenting.rows(found, presenting.FOR_PATIENT)
    return render(request, "fhir_facade/forms/own.html", context)


@portal.requires(*portal.READERS)
@never_cache
@require_http_methods(["GET", "POST"])
def form(request: portal.PortalRequest, offer_id: UUID) -> HttpResponse:
    """To fill in while the clinic waits for it; else as it was sent."""
    now = clock.now()
    opened = filling.open_form(actor=request.actor, offer_id=offer_id, now=now)
    about = portal.whose(request, now=now, person_id=opened.offer.person_id)
    context: dict[str, object] = {
        "about": about,
        "offer": opened.offer,
        "title": opened.offer.title or _("Form"),
    }
    if isinstance(opened, Filled):
        if request.method == "POST":  # pressed twice, or come back to: it is sent
            return redirect("forms:form", offer_id)
        state, tone = presenting.FOR_PATIENT[opened.offer.state]
        context |= {
            "sections": presenting.sections(opened.said), "state": state, "tone": tone,
            "is_gone": opened.offer.state is OfferState.WITHDRAWN,
        }  # fmt: skip
        return render(request, "fhir_facade/forms/sent.html", context)
    if opened.form is None:
        return render(request, "fhir_facade/forms/gone.html", context)
    if request.method == "POST":
        return _post(request, opened, opened.form, context, now)
    answers: Answers = opened.answers or _proposed(opened.form)
    return _page(request, opened.form, _fields(None, opened.form, answers), context)


def _proposed(asked: Form) -> Answers:
    return {each.link: each.initial for each in questions.walk(asked.questions) if each.initial}


def _fields(
    request: portal.PortalRequest | None, asked: Form, answers: Answers, *, everything: bool = False
) -> FillForm:
    there = frozenset(each.number for each in questions.walk(asked.questions))
    if not everything:
        there = answering.asked(asked, answers)
    return FillForm(request.POST if request else None, form=asked, there=there, answers=answers)


def _post(
    request: portal.PortalRequest, opened: ToFill, asked: Form, context: dict[str, object], now: datetime
) -> HttpResponse:
    """Sent, when every question that the answers lead to was on the page and is answered rightly."""
    typed = _fields(request, asked, {}, everything=True)
    typed.is_valid()
    answers = typed.answers()
    bound = _fields(request, asked, answers)
    seen = request.POST.get("form", "")
    is_new_form = seen != str(asked.version)
    unseen = [name for name in bound.asked if name not in request.POST.getlist("asked")]
    bound.is_valid()
    if is_new_form or unseen:
        bound.forgive(unseen)
        bound.add_error(None, _(str(FormChanged.message)) if is_new_form else _MORE)
    if not bound.errors and _send(request, opened, asked, bound, now):
        messages.success(request, _("Sent. Your clinic reads it and tells you."))
        return redirect("forms:form", opened.offer.offer_id)
    return _page(request, asked, bound, context)


def _send(request: portal.PortalRequest, opened: ToFill, asked: Form, bound: FillForm, now: datetime) -> bool:
    seen = request.POST.get("seen", "")
    with portal.refusals_on(bound):
        filling.send(
            actor=request.actor, offer_id=opened.offer.offer_id,
            seen_version=int(seen) if seen.isdecimal() and len(seen) < 9 else -1,
            form_version=asked.version, answers=bound.answers(), request_key=portal.request_key(request),
            now=now,
        )  # fmt: skip
    return bound.is_valid()


def _page(
    request: portal.PortalRequest, asked: Form, bound: FillForm, context: dict[str, object]
) -> HttpResponse:
    context |= {"form": bound, "asked": asked, "blocks": presenting.blocks(asked, bound)}
    return render(request, "fhir_facade/forms/fill.html", context)
