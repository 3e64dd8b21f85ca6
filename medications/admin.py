"""Medications in the Django admin: pharmacies, where refills stand, what pharmacies said. Looks are noted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from medications.models import Pharmacy, PharmacyMessage, Refill
from medications.pharmacy import setting_up
from steadwell import clock
from steadwell.actor import Role
from steadwell.audit import service as audit
from steadwell.audit.looking import LookedAt, actor_of
from steadwell.ids import PersonId

READERS = (Role.ADMINISTRATOR,)


@admin.register(Pharmacy)
class PharmacyAdmin(LookedAt):
    """Changed through the service, which writes the audit. None is deleted: refills point at it."""

    readers = READERS
    list_display = ("name", "ncpdp_id", "network", "active")
    fields = ("name", "ncpdp_id", "phone", "network", "active")
    ordering = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has(*READERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).has(*READERS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        setting_up.save_pharmacy(actor=actor_of(request), pharmacy=obj, now=clock.now())

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit holds it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit holds it."""


@admin.register(Refill)
class RefillAdmin(LookedAt):
    """Where a refill stands; which medicine it is has its own pages."""

    readers = READERS
    list_display = ("requested_at", "state", "pharmacy", "attempts", "due_at")
    list_filter = ("state",)
    search_fields = ("=id", "=message_id")
    ordering = ("-requested_at",)
    list_per_page = 50
    fields = (
        "id", "version", "state", "person_id", "site_id", "pharmacy", "message_id", "attempts",
        "requested_at", "decided_at", "sent_at", "due_at", "answered_at", "filled_at",
    )  # fmt: skip

    def seen(self, row: Refill) -> audit.Entry:
        return audit.Entry(
            action="refill.view-standing", category="refill", subject_id=PersonId(row.person_id),
            entity_id=row.pk,
        )  # fmt: skip


@admin.register(PharmacyMessage)
class PharmacyMessageAdmin(LookedAt):
    """Messages by what they did: those that fit no refill or could not be read stand among them."""

    readers = READERS
    list_display = ("at", "network", "direction", "kind", "effect")
    list_filter = ("effect", "direction", "network")
    search_fields = ("=wire_id", "=relates_to")
    ordering = ("-at",)
    list_per_page = 50
    fields = ("id", "network", "direction", "wire_id", "relates_to", "kind", "effect", "at", "refill")

    def seen(self, row: PharmacyMessage) -> audit.Entry:
        return audit.Entry(action="refill.view-message", category="refill", entity_id=row.refill_id or row.pk)
