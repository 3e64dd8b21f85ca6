"""Subscriptions in the admin: who is told of what and how it goes; neither headers nor contents."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from fhir_facade.subscriptions import standing
from fhir_facade.subscriptions.models import Subscription
from steadwell.actor import Role
from steadwell.audit import service as audit
from steadwell.audit.looking import LookedAt
from steadwell.ids import PersonId


@admin.register(Subscription)
class SubscriptionAdmin(LookedAt):
    readers = (Role.ADMINISTRATOR,)
    list_display = ("client", "told_of", "receiver", "state", "why", "last_number", "reached_at")
    list_filter = ("state",)
    list_select_related = ("client",)
    ordering = ("-changed_at",)
    fields = (*list_display, "content", "failures", "ends_at", "changed_at")
    readonly_fields = fields

    def seen(self, row: Subscription) -> audit.Entry | None:
        if row.person_id is None:
            return None
        return audit.Entry(
            action="subscription.view", category="access", subject_id=PersonId(row.person_id),
            entity_id=row.pk,
        )  # fmt: skip

    @admin.display(description=gettext_lazy("told of"))
    def told_of(self, row: Subscription) -> str:
        return ", ".join(row.topics)

    @admin.display(description=gettext_lazy("reason"))
    def why(self, row: Subscription) -> str:
        return standing.words_of(row.cause)

    @admin.display(description=gettext_lazy("events so far"))
    def last_number(self, row: Subscription) -> int:
        return row.number
