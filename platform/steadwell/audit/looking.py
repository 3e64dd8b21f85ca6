"""Admin pages about people: they show, change nothing and record each look. The one base for all of them.

Public beside ``service``, like `steadwell.history.models`: an admin class is inherited from where it is
written, and ``service`` is imported before Django's admin may be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from steadwell import clock
from steadwell.actor import ANONYMOUS, Actor, Role
from steadwell.audit.recording import Entry, record_many
from steadwell.errors import NotFound


def actor_of(request: HttpRequest) -> Actor:
    return cast("Actor", getattr(request, "actor", ANONYMOUS))


class LookedAt(admin.ModelAdmin):  # type: ignore[type-arg]
    """Seen by ``readers``; nothing is added, edited in place or deleted.

    ``seen`` says what one row's look is recorded as; every row of a list counts, before the list leaves.
    Where it answers None (rows that say nothing about a person) nothing is recorded.
    """

    readers: Collection[Role] = ()
    actions: Sequence[str] = ()
    show_full_result_count = False

    def seen(self, row: Any) -> Entry | None:
        return None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).has(*self.readers)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has(*self.readers)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", None) or {}
        if "cl" in shown:
            self._note(request, shown["cl"].result_list)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        response = super().change_view(request, object_id, form_url, extra_context)
        if (row := self.get_object(request, object_id)) is not None:
            self._note(request, [row])
        return response

    def _note(self, request: HttpRequest, rows: Iterable[Any]) -> None:
        entries = [entry for row in rows if (entry := self.seen(row)) is not None]
        record_many(entries, actor=actor_of(request), now=clock.now())


class DecidedAt(LookedAt):
    """A queue whose rows a person decides about: the page of one asks, and what is sent from it is the
    decision.

    ``decision`` says what the page shows, its title among it; ``decide`` acts on what was sent, through a
    service.
    """

    decision_template = ""

    def decision(self, request: HttpRequest, row: Any) -> Mapping[str, object]:
        raise NotImplementedError

    def decide(self, request: HttpRequest, row: Any) -> HttpResponse:
        raise NotImplementedError

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            raise NotFound
        if request.method == "POST":
            return self.decide(request, row)
        self._note(request, [row])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            **self.decision(request, row),
        }
        return TemplateResponse(request, self.decision_template, context)


class LookedAtInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows below one that is looked at: its look is theirs."""

    readers: Collection[Role] = ()
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).has(*self.readers)


__all__ = ["DecidedAt", "LookedAt", "LookedAtInline", "actor_of"]
