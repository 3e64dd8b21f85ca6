"""The inbox, its news, and signing what is normal together."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from labs.presenters import clinic_inbox as presenter
from labs.review import inbox, signing
from labs.review.glances import glances
from labs.review.inbox import What, Who
from labs.views.clinic.standing import READERS, counts_of, names_of, zones_of
from steadwell import clock
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.portal import service as portal

FARTHEST = 2000


@require_GET
@portal.requires(*READERS)
def inbox_page(request: portal.PortalRequest) -> HttpResponse:
    who, what, skip = asked(request)
    context = {"inbox": _rows(request, who, what, skip), "who": who.value}
    return render(request, "labs/clinic/inbox.html", context)


@require_GET
@portal.requires(*READERS)
def news(request: portal.PortalRequest) -> HttpResponse:
    """The list again, if anything changed since the page knew it; else nothing, for three statements."""
    if request.GET.get("seen", "") == counts_of(request).stamp:
        return HttpResponse(status=204)
    who, what, skip = asked(request)
    context = {"inbox": _rows(request, who, what, skip), "who": who.value, "is_news": True}
    return render(request, "labs/clinic/_inbox.html", context)


@require_GET
@portal.requires(*READERS)
def alert(request: portal.PortalRequest) -> HttpResponse:
    """The banner again, if another number of critical values waits."""
    calls = counts_of(request).calls
    if request.GET.get("seen", "") == str(calls):
        return HttpResponse(status=204)
    return render(request, "labs/clinic/_alert.html", {"calls": calls})


@require_POST
@portal.requires(*READERS)
def sign_normal(request: portal.PortalRequest) -> HttpResponse:
    who, what, _skip = asked(request)
    back = reverse("clinic-labs:inbox") + presenter.look(who, what)
    with portal.refusals_above(request):
        done = signing.sign_normal(
            actor=request.actor,
            task_ids=[uuid_in(text) for text in request.POST.getlist("task")],
            request_key=portal.request_key(request),
            now=clock.now(),
        )
        signed = ngettext("%(n)d result is signed.", "%(n)d results are signed.", done.signed)
        messages.success(request, signed % {"n": done.signed})
        if done.passed_over:
            messages.info(request, _("The others had been signed, or have a newer version."))
    return HttpResponseRedirect(back)


def asked(request: portal.PortalRequest) -> tuple[Who, What, int]:
    """Which list the address means; what makes no sense is the usual one."""
    given = request.GET
    who = given.get("who", "")
    what = given.get("what", "")
    skip = given.get("skip", "")
    return (
        Who(who) if who in set(Who) else Who.MINE,
        What(what) if what in set(What) else What.ALL,
        min(int(skip), FARTHEST) if skip.isdecimal() and len(skip) < 6 else 0,
    )


def uuid_in(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error


def _rows(request: portal.PortalRequest, who: Who, what: What, skip: int) -> presenter.Rows:
    now, actor, counts = clock.now(), request.actor, counts_of(request)
    page = inbox.list_tasks(actor=actor, who=who, what=what, now=now, skip=skip)
    # The queue is for everybody: its values are seen, and noted as seen, when one is opened.
    seen = {} if who is Who.QUEUE else glances(page.lines, actor=actor, now=now)
    people = [line.person_id for line in page.lines if line.person_id]
    rows = presenter.rows(
        page.lines,
        names=identity.names(actor=actor, person_ids=people, now=now),
        glances=seen,
        colleagues=names_of(
            each
            for line in page.lines
            for each in (line.delegated_by, line.holder_id)
            if each != actor.practitioner_id
        ),
        zones=zones_of(line.site_id for line in page.lines),
        me=actor.practitioner_id,
        who=who,
        what=what,
        now=now,
    )
    address = reverse("clinic-labs:inbox")
    query = presenter.look(who, what, skip)
    nothing = presenter.NOTHING[who]
    return presenter.Rows(
        tabs=presenter.tabs(counts, who),
        kinds=presenter.kinds(counts, who, what),
        rows=rows,
        summary=presenter.summary(counts),
        nothing=(str(nothing[0]), str(nothing[1])),
        may_sign=any(row.plain for row in rows),
        newer_url=address + presenter.look(who, what, max(0, skip - inbox.PER_PAGE)) if skip else "",
        older_url=address + presenter.look(who, what, skip + inbox.PER_PAGE) if page.older else "",
        news_url=f"{reverse('clinic-labs:news')}{query or '?'}{'&' if query else ''}seen={counts.stamp}",
    )
