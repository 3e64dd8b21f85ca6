"""Which release of LOINC is in use, for staff to see. Loading is the command's work."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from steadwell.terminology.models import LoincRelease


@admin.register(LoincRelease)
class LoincReleaseAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # as in audit.admin
    list_display = ("name", "terms", "loaded_at", "current")
    ordering = ("-loaded_at",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: LoincRelease | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: LoincRelease | None = None) -> bool:
        return False
