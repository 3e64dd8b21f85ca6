"""The ledger in the admin: what was set aside, what is promised. Changes go through the service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from steadwell import clock
from steadwell.actor import ANONYMOUS, Actor
from steadwell.errors import Refusal
from steadwell.outbox import quarantine
from steadwell.outbox.models import OutboxDelivery, OutboxDue


class ReasonForm(ActionForm):
    """The reason stands beside the action, for "settle"."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=500)


class _ReadOnly:
    """Nobody adds, edits or deletes a promise by hand."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(OutboxDelivery)
class OutboxDeliveryAdmin(_ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg] # as in audit.admin
    list_display = ("consumer", "queue", "state", "attempts", "last_error", "created_at", "age")
    list_filter = ("state", "queue")
    list_select_related = ("event", "due")
    ordering = ("-id",)
    actions = ("replay", "settle")
    action_form = ReasonForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxDelivery]:
        """What was set aside, unless a state is asked for."""
        rows = super().get_queryset(request)
        asked = any(key.startswith("state") for key in request.GET) or request.resolver_match is None
        single = request.resolver_match is not None and "object_id" in request.resolver_match.kwargs
        return rows if asked or single else rows.filter(state="quarantined")

    @admin.display(description=_("age"))
    def age(self, row: OutboxDelivery) -> timedelta:
        waited = clock.now() - row.created_at
        return waited - timedelta(microseconds=waited.microseconds)

    @admin.action(description=_("Run again"), permissions=["view"])
    def replay(self, request: HttpRequest, rows: QuerySet[OutboxDelivery]) -> None:
        now = clock.now()
        self._each(request, rows, lambda actor, pk: quarantine.replay(actor=actor, delivery_id=pk, now=now))

    @admin.action(description=_("Settle without running, with the reason"), permissions=["view"])
    def settle(self, request: HttpRequest, rows: QuerySet[OutboxDelivery]) -> None:
        now, reason = clock.now(), request.POST.get("reason", "")
        self._each(
            request, rows,
            lambda actor, pk: quarantine.settle(actor=actor, delivery_id=pk, reason=reason, now=now),
        )  # fmt: skip

    def _each(
        self, request: HttpRequest, rows: QuerySet[OutboxDelivery], act: Callable[[Actor, int], None]
    ) -> None:
        done = 0
        for pk in rows.values_list("pk", flat=True):
            try:
                act(getattr(request, "actor", ANONYMOUS), pk)
            except Refusal as refusal:
                self.message_user(request, refusal.text, messages.WARNING)
            else:
                done += 1
        if done:
            text = ngettext("%(count)d delivery was changed.", "%(count)d deliveries were changed.", done)
            self.message_user(request, text % {"count": done}, messages.SUCCESS)


@admin.register(OutboxDue)
class OutboxDueAdmin(_ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg] # as in audit.admin
    list_display = ("kind", "due_at", "expires_at", "state", "about")
    list_filter = ("state", "kind")
    ordering = ("due_at",)
