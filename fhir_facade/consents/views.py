"""The page on which a patient says what apps and other systems do not get to see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from fhir_facade.consents import choosing
from steadwell import clock
from steadwell.errors import NotFound, Stale
from steadwell.portal import service as portal

WORDS: dict[str, str | Promise] = {
    choosing.EVERYTHING: gettext_lazy("Everything, also that you are a patient here"),
    "visits": gettext_lazy("Visits"),
    "results": gettext_lazy("Test results, measurements and reports"),
    "medicines": gettext_lazy("Medicines and prescriptions"),
    "allergies": gettext_lazy("Allergies"),
    "messages": gettext_lazy("Messages"),
    "forms": gettext_lazy("Forms you filled in"),
    "people": gettext_lazy("People who act for you"),
    "trail": gettext_lazy("Who looked at the record, and where data came from"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """From whom something may be kept back, with a box per kind: its value, its words, whether ticked."""

    name: str
    boxes: tuple[tuple[str, str, bool], ...]


@require_http_methods(["GET", "POST"])
@portal.requires()
def sharing(request: portal.PortalRequest) -> HttpResponse:
    now = clock.now()
    about = portal.whose(request, now=now)
    if about is None and request.method == "POST":
        raise NotFound
    if request.method == "POST" and about is not None:
        return _save(request, about, now)
    context: dict[str, object] = {"about": about, "field": portal.FIELD}
    if about is None:
        context["people"] = portal.choices(request, now=now)
        return render(request, "fhir_facade/consents/sharing.html", context)
    found = choosing.find_choices(actor=request.actor, person_id=about.person_id, now=now)
    changes = choosing.list_changes(actor=request.actor, person_id=about.person_id)
    names = {choosing.EVERYBODY: _("All apps and other systems"), **found.clients}
    context |= {
        "groups": [_group(who, name, found.kept) for who, name in names.items()],
        "version": found.version,
        "changes": [(_moment(each.at), _lines(each.kept, names)) for each in changes],
    }
    return render(request, "fhir_facade/consents/sharing.html", context)


def _save(request: portal.PortalRequest, about: portal.Whose, now: datetime) -> HttpResponse:
    kept: dict[str, set[str]] = {}
    for value in request.POST.getlist("keep"):
        kind, _sign, who = value.partition(":")
        kept.setdefault(who, set()).add(kind)
    seen = request.POST.get("version", "")
    try:
        choosing.choose(
            actor=request.actor, person_id=about.person_id, kept=kept, now=now,
            seen_version=int(seen) if seen.isdecimal() and len(seen) < 9 else -1,
        )  # fmt: skip
    except Stale as refusal:
        messages.error(request, _(refusal.text))
    else:
        messages.success(request, _("Saved. It holds from now on."))
    address = reverse("oauth:sharing")
    return HttpResponseRedirect(f"{address}?{about.query}" if about.query else address)


def _group(who: str, name: str, kept: Mapping[str, frozenset[str]]) -> Group:
    ticked = kept.get(who, frozenset())
    return Group(
        name=name,
        boxes=tuple((f"{kind}:{who}", str(words), kind in ticked) for kind, words in WORDS.items()),
    )


def _lines(kept: Mapping[str, frozenset[str]], names: Mapping[str, str]) -> list[str]:
    """What was kept back, a line per app."""
    return [
        f"{names.get(who, who)}: {', '.join(str(WORDS[kind]) for kind in WORDS if kind in kinds)}"
        for who, kinds in kept.items()
    ]


def _moment(at: datetime) -> str:
    zone = portal.reader_zone()
    return portal.moment_text(at, str(zone) if zone else "UTC")
