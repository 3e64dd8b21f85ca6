"""Messages in the Django admin: a person's messages, their lives and attempts. Read only; each look is
audited.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from notifications.models import Attempt, Message
from steadwell import clock
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.ids import PersonId

READERS = (Role.FRONT_DESK, Role.MANAGER, Role.ADMINISTRATOR)


def _actor(request: HttpRequest) -> Actor:
    return cast("Actor", request.actor)  # type: ignore[attr-defined]


def _note_seen(request: HttpRequest, messages: Iterable[Message]) -> None:
    entries = [
        audit.Entry(
            action="message.view", category="message", subject_id=PersonId(m.person_id), entity_id=m.pk
        )
        for m in messages
    ]
    audit.record_many(entries, actor=_actor(request), now=clock.now())


class AttemptInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Attempt
    fields = readonly_fields = ("number", "step", "provider", "cause", "uncertain", "at")
    ordering = ("id",)
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _actor(request).has(*READERS)


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Found by the patient's id or by what they are about (a visit's id)."""

    list_display = ("told_at", "template", "channel", "language", "urgency", "state", "cause", "uncertain")
    list_filter = ("state", "channel", "urgency", "uncertain")
    search_fields = ("=person_id", "=about", "=id")
    search_help_text = gettext_lazy("Id of a patient, of a visit or of a message")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    inlines = (AttemptInline,)
    actions: Sequence[str] = ()
    fields = (
        "person_id", "reader_id", "about", "channel", "template", "template_version", "language", "urgency",
        "state", "cause", "provider", "address", "uncertain", "told_at", "expires_at", "handed_at",
        "accepted_at", "delivered_at", "read_at", "ended_at", "settled_at",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _actor(request).has(*READERS)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _actor(request).has(*READERS)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        shown = getattr(response, "context_data", None) or {}
        if "cl" in shown:
            _note_seen(request, shown["cl"].result_list)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        response = super().change_view(request, object_id, form_url, extra_context)
        if message := self.get_object(request, object_id):
            _note_seen(request, [message])
        return response
