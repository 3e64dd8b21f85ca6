"""Which releases of LOINC and RxNorm are in use, for staff to see. Loading is the command's work."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from steadwell.terminology.models import LoincRelease, RxNormRelease


class _ReleaseAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # as in audit.admin
    ordering = ("-loaded_at",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(LoincRelease)
class LoincReleaseAdmin(_ReleaseAdmin):
    list_display = ("name", "terms", "loaded_at", "current")


@admin.register(RxNormRelease)
class RxNormReleaseAdmin(_ReleaseAdmin):
    list_display = ("name", "names", "clinical_drugs", "retired", "loaded_at", "current")
