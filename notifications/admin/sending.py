"""Messages and providers: a person's messages, their lives and attempts. Read only; each look is
audited.
"""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from notifications.models import Attempt, Message, ProviderAccount
from steadwell.actor import Role
from steadwell.audit import service as audit
from steadwell.audit.looking import LookedAt, LookedAtInline
from steadwell.ids import PersonId

WATCHERS = (Role.MANAGER, Role.ADMINISTRATOR)
READERS = (Role.FRONT_DESK, Role.MANAGER, Role.ADMINISTRATOR)


class AttemptInline(LookedAtInline):
    model = Attempt
    readers = READERS
    fields = readonly_fields = ("number", "step", "provider", "cause", "uncertain", "at")
    ordering = ("id",)


@admin.register(Message)
class MessageAdmin(LookedAt):
    """Found by the patient's id or by what they are about (a visit's id)."""

    readers = READERS
    list_display = ("told_at", "template", "channel", "language", "urgency", "state", "cause", "uncertain")
    list_filter = ("state", "channel", "urgency", "uncertain")
    search_fields = ("=person_id", "=about", "=id")
    search_help_text = gettext_lazy("Id of a patient, of a visit or of a message")
    ordering = ("-id",)
    list_per_page = 50
    inlines = (AttemptInline,)
    fields = (
        "person_id", "reader_id", "about", "channel", "template", "template_version", "language", "urgency",
        "state", "cause", "provider", "provider_ref", "address", "uncertain", "fallback_of", "told_at",
        "not_before", "expires_at", "claimed_at", "handed_at", "uncertain_at", "accepted_at", "delivered_at",
        "read_at", "ended_at", "settled_at",
    )  # fmt: skip

    def seen(self, row: Message) -> audit.Entry:
        subject = PersonId(row.person_id) if row.person_id else None  # an alert to staff is about nobody
        return audit.Entry(action="message.view", category="message", subject_id=subject, entity_id=row.pk)


@admin.register(ProviderAccount)
class ProviderAccountAdmin(LookedAt):
    """As all workers see it. It is switched on the page "Sending", with a reason."""

    readers = WATCHERS
    list_display = ("code", "channel", "weight", "switch", "breaker", "cause", "changed_at")
    list_filter = ("channel", "switch", "breaker")
    ordering = ("channel", "code")
    fields = (
        "code", "channel", "weight", "switch", "switched_at", "switched_by", "reason", "breaker", "cause",
        "changed_at", "probe_at",
    )  # fmt: skip
