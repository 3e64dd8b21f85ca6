"""Matches to review and merges in the Django admin: seen with an audit row, changed through the service."""

from __future__ import annotations

from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from steadwell import clock
from steadwell.actor import Role
from steadwell.audit import service as audit
from steadwell.audit.looking import DecidedAt, LookedAt, actor_of
from steadwell.errors import NotFound, Refusal
from steadwell.identity import merging, queries, reviews
from steadwell.identity.models import MatchReview, PersonLink
from steadwell.identity.types import PersonDetail
from steadwell.ids import PersonId

# Who decides who somebody is.
DECIDERS = (Role.FRONT_DESK, Role.MANAGER, Role.ADMINISTRATOR)
REASONS = {
    "identifier": gettext_lazy("same identifier"),
    "name-and-birth-date": gettext_lazy("same name and birth date"),
    "conflict:birth-date": gettext_lazy("another birth date"),
    "conflict:given-name": gettext_lazy("another given name"),
}


@admin.register(MatchReview)
class MatchReviewAdmin(DecidedAt):
    """The queue. A review opens beside everybody the record may be, each recorded by `queries.get_detail`."""

    readers = DECIDERS
    decision_template = "admin/identity/matchreview/decide.html"
    list_display = ("opened_at", "state", "how_many", "decided_at")
    list_filter = ("state",)
    ordering = ("state", "opened_at")

    @admin.display(description=gettext_lazy("may be"))
    def how_many(self, review: MatchReview) -> int:
        return len(review.candidates)

    def decision(self, request: HttpRequest, row: MatchReview) -> dict[str, object]:
        return {
            "title": _("Who is this?"),
            "review": row,
            "record": _detail(request, row.person_id),
            "candidates": [
                {"detail": detail, "reasons": [_words(r) for r in c["reasons"]]}
                for c in row.candidates
                if (detail := _detail(request, UUID(c["person_id"]))) is not None
            ],
        }

    def decide(self, request: HttpRequest, row: MatchReview) -> HttpResponse:
        """``same_as`` is a candidate's id, or "new"."""
        chosen, reason = request.POST.get("same_as", ""), request.POST.get("reason", "").strip()[:500]
        if not chosen or not reason:
            messages.error(request, _("Choose one, and say why."))
            return HttpResponseRedirect(request.path)
        try:
            same_as = None if chosen == "new" else PersonId(UUID(chosen))
            reviews.decide_review(
                actor=actor_of(request), review_id=row.pk, same_as=same_as, reason=reason, now=clock.now()
            )
        except ValueError:
            raise NotFound from None
        except Refusal as refusal:
            messages.error(request, refusal.text)
            return HttpResponseRedirect(request.path)
        messages.success(request, _("Decided."))
        return HttpResponseRedirect(reverse("admin:identity_matchreview_changelist"))


def _detail(request: HttpRequest, person_id: UUID) -> PersonDetail | None:
    """Seen, and recorded as seen."""
    try:
        return queries.get_detail(actor=actor_of(request), person_id=PersonId(person_id), now=clock.now())
    except NotFound:
        return None


def _words(reason: str) -> str:
    return str(REASONS.get(reason) or REASONS.get(reason.partition(":")[0]) or reason)


@admin.register(PersonLink)
class PersonLinkAdmin(LookedAt):
    """Merges: numbers and dates only, and the way back."""

    readers = DECIDERS
    list_display = ("opened_at", "number", "replaced_by_number", "reason", "closed_at", "close_reason")
    list_filter = (("closed_at", admin.EmptyFieldListFilter),)
    list_select_related = ("person", "replaced_by")
    ordering = ("-opened_at",)
    actions = ("undo",)

    def seen(self, row: PersonLink) -> audit.Entry:
        return audit.Entry(
            action="person.view-merge",
            category="demographics",
            subject_id=PersonId(row.person_id),
            entity_id=row.pk,
        )

    @admin.display(description=gettext_lazy("record number"))
    def number(self, link: PersonLink) -> str:
        return link.person.number

    @admin.display(description=gettext_lazy("is now"))
    def replaced_by_number(self, link: PersonLink) -> str:
        return link.replaced_by.number

    @admin.action(description=gettext_lazy("Undo: these are two people"))
    def undo(self, request: HttpRequest, chosen: QuerySet[PersonLink]) -> None:
        for link in chosen.filter(closed_at__isnull=True):
            try:
                merging.unmerge(
                    actor=actor_of(request),
                    duplicate_id=PersonId(link.person_id),
                    reason=_("undone by staff"),
                    now=clock.now(),
                )
            except Refusal as refusal:
                messages.error(request, refusal.text)
