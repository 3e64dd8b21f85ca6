"""Conversations in the Django admin: where they stand, never what was written. Looks are noted."""

from __future__ import annotations

from django.contrib import admin

from messaging.models import Conversation
from messaging.writing import CATEGORY
from steadwell.actor import Role
from steadwell.audit import service as audit
from steadwell.audit.looking import LookedAt
from steadwell.ids import PersonId


@admin.register(Conversation)
class ConversationAdmin(LookedAt):
    readers = (Role.ADMINISTRATOR,)
    list_display = ("changed_at", "subject", "state", "waiting_since", "answer_by")
    list_filter = ("state", "subject")
    search_fields = ("=id",)
    ordering = ("-changed_at",)
    list_per_page = 50
    fields = (
        "id", "version", "state", "subject", "person_id", "site_id", "assigned_to", "started_at",
        "changed_at", "waiting_since", "answer_by",
    )  # fmt: skip

    def seen(self, row: Conversation) -> audit.Entry:
        return audit.Entry(
            action="conversation.view-standing", category=CATEGORY, subject_id=PersonId(row.person_id),
            entity_id=row.pk,
        )  # fmt: skip
