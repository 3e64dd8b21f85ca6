"""Labs in the Django admin: laboratories, what they said, and what could not be read. Looks are recorded."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from labs import laboratories, quarantine
from labs.models import ClinicianNumber, LabSender, Order, Quarantined, Report, UnitSynonym
from labs.ports import directory
from labs.views import release_admin
from steadwell import clock
from steadwell.actor import Role
from steadwell.audit import service as audit
from steadwell.audit.looking import DecidedAt, LookedAt, actor_of
from steadwell.errors import Refusal
from steadwell.ids import PersonId
from steadwell.terminology import service as terminology

READERS = (Role.ADMINISTRATOR,)
__all__ = ["release_admin"]  # its pages are registered with these


def _site_choices() -> list[tuple[str, str]]:
    names = directory().site_names(now=clock.now())
    return [("", "–"), *((str(site_id), name) for site_id, name in names.items())]


class SettingForm(forms.ModelForm):  # type: ignore[type-arg]
    """Sites by name, not by id."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "site_id" in self.fields:
            known = self.fields["site_id"]
            self.fields["site_id"] = forms.TypedChoiceField(
                choices=_site_choices(), required=known.required, label=known.label, empty_value=None,
                help_text=known.help_text,
            )  # fmt: skip

    def clean_ucum(self) -> str:
        """A unit that UCUM knows, in its preferred spelling."""
        answer = terminology.validate_unit(self.cleaned_data["ucum"])
        if not answer.ok:
            raise forms.ValidationError(answer.reason)
        return answer.answer


class SettingAdmin(LookedAt):
    """Changed through the service, which writes the audit."""

    readers = READERS
    form = SettingForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has(*READERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).has(*READERS)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and actor_of(request).has(*READERS)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        laboratories.save_setting(actor=actor_of(request), setting=obj, now=clock.now())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        laboratories.remove_setting(actor=actor_of(request), setting=obj, now=clock.now())

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit holds it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit holds it."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """The audit holds it."""


@admin.register(LabSender)
class LabSenderAdmin(SettingAdmin):
    list_display = ("sender", "name")
    ordering = ("sender",)
    actions = ("read_again",)

    @admin.action(description=gettext_lazy("Read again what could not be read"))
    def read_again(self, request: HttpRequest, chosen: Any) -> None:
        done = sum(
            laboratories.read_again(actor=actor_of(request), sender=each.sender, now=clock.now())
            for each in chosen
        )
        said = ngettext("%(count)d could be read now.", "%(count)d could be read now.", done)
        messages.success(request, said % {"count": done})


@admin.register(UnitSynonym)
class UnitSynonymAdmin(SettingAdmin):
    list_display = ("sender", "raw", "ucum")
    list_filter = ("sender",)
    list_select_related = ("sender",)
    ordering = ("sender", "raw")


@admin.register(ClinicianNumber)
class ClinicianNumberAdmin(SettingAdmin):
    list_display = ("number", "sender", "practitioner_id")
    list_filter = ("sender",)
    ordering = ("number", "sender")


@admin.register(Report)
class ReportAdmin(LookedAt):
    """Where a report stands; what is in it has its own pages."""

    readers = READERS
    list_display = ("received_at", "sender", "status", "waits", "quarantined", "version")
    list_filter = ("sender", "status", "waits")
    search_fields = ("=id", "=placer_number")
    ordering = ("-id",)
    list_per_page = 50
    fields = (
        "id", "sender", "identity", "status", "status_disagrees", "version", "shown_version", "person_id",
        "record_id", "waits", "pinned", "site_id", "practitioner_id", "placer_number", "critical", "abnormal",
        "corrected", "quarantined", "collected_at", "issued_at", "received_at", "changed_at",
    )  # fmt: skip

    def seen(self, row: Report) -> audit.Entry:
        subject = PersonId(row.person_id) if row.person_id else None
        return audit.Entry(action="lab.view-standing", category="lab", subject_id=subject, entity_id=row.pk)


@admin.register(Order)
class OrderAdmin(LookedAt):
    readers = READERS
    list_display = ("placed_at", "number", "name", "state")
    search_fields = ("=number", "=id")
    ordering = ("-id",)
    list_per_page = 50
    fields = (
        "id",
        "number",
        "name",
        "loinc",
        "state",
        "person_id",
        "site_id",
        "practitioner_id",
        "placed_at",
    )

    def seen(self, row: Order) -> audit.Entry:
        return audit.Entry(
            action="lab.view-order", category="lab", subject_id=PersonId(row.person_id), entity_id=row.pk
        )


@admin.register(Quarantined)
class QuarantinedAdmin(DecidedAt):
    """Observations that could not be read: put right and read again, or left as they are."""

    readers = READERS
    list_display = ("opened_at", "sender", "reason", "state", "settled_at")
    list_filter = ("state", "sender")
    ordering = ("-opened_at",)
    list_per_page = 50
    decision_template = "admin/labs/quarantined/decide.html"

    def seen(self, row: Quarantined) -> audit.Entry:
        return audit.Entry(action="lab.view-aside", category="lab", entity_id=row.report_id)

    def decision(self, request: HttpRequest, row: Quarantined) -> dict[str, object]:
        return {
            "title": _("What does it say?"),
            "row": row,
            "test": row.said["code"]["text"] or row.said["code"]["code"],
            "fields": [(name, row.said[name]) for name in quarantine.CORRECTABLE],
            "may_act": row.state == Quarantined.State.OPEN,
        }

    def decide(self, request: HttpRequest, row: Quarantined) -> HttpResponse:
        """``act`` is replay, with what is to be read instead, or dismiss."""
        sent, now, actor = request.POST, clock.now(), actor_of(request)
        reason = sent.get("reason", "").strip()
        try:
            if sent.get("act") == "replay":
                changed = {
                    name: sent[name]
                    for name in quarantine.CORRECTABLE
                    if name in sent and sent[name] != row.said[name]
                }
                quarantine.replay_observation(
                    actor=actor, quarantine_id=row.pk, corrected=changed, reason=reason, now=now
                )
            else:
                quarantine.dismiss_observation(actor=actor, quarantine_id=row.pk, reason=reason, now=now)
        except Refusal as refusal:
            messages.error(request, " ".join([refusal.text, *map(str, refusal.fields.values())]))
            return HttpResponseRedirect(request.path)
        messages.success(request, _("Done."))
        return HttpResponseRedirect(reverse("admin:labs_quarantined_changelist"))
