"""The words of messages, as managers and administrators write, try and take them into use."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from notifications import checking, presenters, samples, wordings
from notifications.errors import NotYoursToDecide, WordingDecided, WordingRefused
from notifications.template import Template
from notifications.types import WordingView
from notifications.wording_form import WordingForm
from steadwell import clock
from steadwell.errors import Invalid
from steadwell.portal.service import PortalRequest, build_policy, request_key, requires

AUTHORS = wordings.AUTHORS


@require_GET
@never_cache
@requires(*AUTHORS)
def overview(request: PortalRequest) -> HttpResponseBase:
    """Every message there is, and what waits for a second person."""
    rows = [
        {"code": t.code, "name": presenters.template_name(t.code), "version": version, "waiting": waiting}
        for t, version, waiting in wordings.list_templates(actor=request.actor)
    ]
    return render(request, "notifications/wording/overview.html", {"rows": rows})


@require_http_methods(["GET", "POST"])
@never_cache
@requires(*AUTHORS)
def edit(request: PortalRequest, code: str) -> HttpResponseBase:
    """Write new words: tried with sample data first, then proposed."""
    template = wordings.find_template(code)
    versions = wordings.list_versions(actor=request.actor, template=code)
    live = next(each for each in versions if each.state == "live")
    form = WordingForm.of(template, live.texts)
    previews: list[samples.Preview] = []
    if request.method == "POST":
        form = WordingForm(request.POST, languages=tuple(template.texts))
        if form.is_valid():
            wrong = checking.findings(template, form.texts())
            if "propose" in request.POST and not wrong:
                return _propose(request, template, form)
            form.show(wrong)
            if not wrong:
                previews = [samples.preview(template, t, lang) for lang, t in form.texts().items()]
    context = {
        "form": form,
        "previews": previews,
        "name": presenters.template_name(code),
        "variables": presenters.variable_rows(template),
        "versions": [presenters.wording_row(each, request.actor) for each in versions],
    }
    return render(request, "notifications/wording/edit.html", context)


def _propose(request: PortalRequest, template: Template, form: WordingForm) -> HttpResponseBase:
    try:
        made = wordings.propose(
            actor=request.actor, template=template.code, texts=form.texts(),
            request_key=request_key(request), now=clock.now(),
        )  # fmt: skip
    except WordingRefused as refusal:  # cannot be, but for words that changed between look and write
        form.show(refusal.findings)
        return render(request, "notifications/wording/edit.html", {"form": form})
    messages.success(request, _("Proposed. A second person has to take it into use."))
    return HttpResponseRedirect(_address(made))


@require_GET
@never_cache
@requires(*AUTHORS)
def version(request: PortalRequest, wording_id: UUID) -> HttpResponseBase:
    """One proposal as its readers would see it, for the second person."""
    found = wordings.get_version(actor=request.actor, wording_id=wording_id)
    template = wordings.find_template(found.template)
    context = {
        "row": presenters.wording_row(found, request.actor),
        "name": presenters.template_name(found.template),
        "code": found.template,
        "previews": [samples.preview(template, text, code) for code, text in found.texts.items()],
    }
    response = render(request, "notifications/wording/version.html", context)
    policy = {**settings.SECURE_CSP, "frame-src": ["'self'"]}
    response.headers["Content-Security-Policy"] = build_policy(policy)
    return response


@require_GET
@never_cache
@xframe_options_sameorigin
@requires(*AUTHORS)
def mail(request: PortalRequest, wording_id: UUID, language: str) -> HttpResponseBase:
    """The e-mail by itself, for the frame."""
    found = wordings.get_version(actor=request.actor, wording_id=wording_id)
    template = wordings.find_template(found.template)
    text = found.texts.get(language) or next(iter(found.texts.values()))
    return mail_page(samples.preview(template, text, language).mail.html)


def mail_page(html: str) -> HttpResponse:
    """A mail as a mail programme shows it: only its own style may apply, nothing may load."""
    style = render_to_string("notifications/mail/style.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = {
        "default-src": ["'none'"],
        "style-src": [f"'sha256-{digest}'"],
        "frame-ancestors": ["'self'"],
        "base-uri": ["'none'"],
    }
    return HttpResponse(html, headers={"Content-Security-Policy": build_policy(policy)})


@require_POST
@requires(*AUTHORS)
def approve(request: PortalRequest, wording_id: UUID) -> HttpResponseBase:
    work: Callable[[], WordingView] = lambda: wordings.approve(  # noqa: E731 - one call, three answers
        actor=request.actor, wording_id=wording_id, now=clock.now()
    )
    return _decided(request, wording_id, work, _("In use from the next message on."))


@require_POST
@requires(*AUTHORS)
def refuse(request: PortalRequest, wording_id: UUID) -> HttpResponseBase:
    reason = request.POST.get("reason", "")
    work: Callable[[], WordingView] = lambda: wordings.refuse(  # noqa: E731 - one call, three answers
        actor=request.actor, wording_id=wording_id, reason=reason, now=clock.now()
    )
    return _decided(request, wording_id, work, _("Not taken into use."))


def _decided(
    request: HttpRequest, wording_id: UUID, work: Callable[[], WordingView], said: str
) -> HttpResponseBase:
    try:
        work()
    except (NotYoursToDecide, WordingDecided) as refusal:
        messages.error(request, refusal.text)
    except Invalid:
        messages.error(request, _("Say why it is not taken into use."))
    else:
        messages.success(request, said)
    return HttpResponseRedirect(reverse("notifications_wording_version", kwargs={"wording_id": wording_id}))


def _address(found: WordingView) -> str:
    return reverse("notifications_wording_version", kwargs={"wording_id": found.wording_id})
