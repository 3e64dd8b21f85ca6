"""The trail in the admin: read only, found by an exact id, and looking is recorded."""

from __future__ import annotations

import contextlib
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from steadwell import clock
from steadwell.actor import ANONYMOUS
from steadwell.audit.models import AuditEntry
from steadwell.audit.recording import record


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # subscripting it needs a patched Django
    list_display = ("at", "action", "category", "capacity", "roles", "user_id", "subject_id", "entity_id")
    search_fields = ("subject_id",)
    search_help_text = _("The whole id of a patient, a record or a user")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """By exact id: three indexes answer it, and nothing is guessed from parts of one."""
        if not search_term.strip():
            return queryset, False
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(Q(subject_id=wanted) | Q(entity_id=wanted) | Q(user_id=wanted)), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._record(request, entity_id=None)
        return super().changelist_view(request, extra_context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        self._record(request, entity_id=object_id)
        return super().change_view(request, object_id, form_url, extra_context)

    def _record(self, request: HttpRequest, *, entity_id: str | None) -> None:
        searched = request.GET.get("q", "").strip()
        detail = {"entry": entity_id} if entity_id else {}
        with contextlib.suppress(ValueError):  # what is no id is not kept: it may be a name
            detail["searched"] = str(UUID(searched))
        actor = getattr(request, "actor", ANONYMOUS)
        record(actor=actor, action="audit.read", category="audit", detail=detail, now=clock.now())
