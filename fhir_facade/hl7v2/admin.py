"""Senders and messages in the admin: changes go through the service, each look at a message is recorded."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fhir_facade.hl7v2 import quarantine, senders
from fhir_facade.hl7v2.errors import REASONS
from fhir_facade.hl7v2.forms import SenderForm
from fhir_facade.hl7v2.models import Hl7Message, Hl7Outcome, Hl7Quarantine, Hl7Sender
from steadwell import clock
from steadwell.actor import Role
from steadwell.audit import service as audit
from steadwell.audit.looking import DecidedAt, LookedAt, actor_of
from steadwell.errors import Refusal


@admin.register(Hl7Sender)
class Hl7SenderAdmin(LookedAt):
    """The allow-list."""

    readers = (Role.ADMINISTRATOR,)
    form = SenderForm
    list_display = ("name", "active", "message_types", "networks", "changed_at")
    list_filter = ("active",)
    ordering = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has(Role.ADMINISTRATOR)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).has(Role.ADMINISTRATOR)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("name",)

    def save_model(self, request: HttpRequest, obj: Hl7Sender, form: Any, change: bool) -> None:
        senders.save_sender(actor=actor_of(request), sender=obj, now=clock.now())

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit trail holds it."""
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None


def _looked_at(message_id: Any) -> audit.Entry:
    return audit.Entry(action="hl7_message.view", category="lab", entity_id=message_id)


@admin.register(Hl7Message)
class Hl7MessageAdmin(LookedAt):
    """Every message as it came, and what became of it."""

    readers = (Role.ADMINISTRATOR,)
    list_display = ("received_at", "sender", "kind", "control_id", "critical", "origin", "standing")
    list_filter = ("sender", "origin", "critical")
    list_select_related = ("sender",)
    ordering = ("-id",)
    search_fields = ("control_id__exact", "id__exact")
    fields = ("received_at", "sender", "kind", "control_id", "critical", "origin", "standing", "text")
    readonly_fields = ("standing", "text")

    def seen(self, row: Hl7Message) -> audit.Entry:
        return _looked_at(row.pk)

    @admin.display(description=gettext_lazy("became"))
    def standing(self, row: Hl7Message) -> str:
        """One short query per row of a page that only administrators open."""
        if waiting := Hl7Quarantine.objects.filter(message=row, state="open").first():
            return reason_words(waiting.reason)
        last = Hl7Outcome.objects.filter(message=row).order_by("-id").first()
        return last.outcome if last else "–"

    @admin.display(description=gettext_lazy("text"))
    def text(self, row: Hl7Message) -> str:
        return quarantine.text_of(bytes(row.body))


@admin.register(Hl7Quarantine)
class Hl7QuarantineAdmin(DecidedAt):
    """Messages that wait for a person: read again, correct, or settle."""

    readers = (Role.ADMINISTRATOR,)
    list_display = ("opened_at", "sender", "kind", "why", "state", "settled_at")
    list_filter = ("state", "reason")
    list_select_related = ("message__sender",)
    ordering = ("-opened_at",)
    decision_template = "admin/fhir_facade/hl7quarantine/decide.html"

    def seen(self, row: Hl7Quarantine) -> audit.Entry:
        return _looked_at(row.message_id)

    @admin.display(description=gettext_lazy("sender"))
    def sender(self, row: Hl7Quarantine) -> str:
        return row.message.sender.name

    @admin.display(description=gettext_lazy("type"))
    def kind(self, row: Hl7Quarantine) -> str:
        return row.message.kind

    @admin.display(description=gettext_lazy("reason"))
    def why(self, row: Hl7Quarantine) -> str:
        return reason_words(row.reason)

    def decision(self, request: HttpRequest, row: Hl7Quarantine) -> dict[str, object]:
        return {
            "title": _("What is to become of this message?"),
            "row": row,
            "why": reason_words(row.reason),
            "text": quarantine.text_of(bytes(row.message.body)),
        }

    def decide(self, request: HttpRequest, row: Hl7Quarantine) -> HttpResponse:
        """``act`` is replay, correct or settle."""
        actor, now, note = actor_of(request), clock.now(), request.POST.get("reason", "").strip()
        try:
            if request.POST.get("act") == "replay":
                quarantine.replay(actor=actor, message_id=row.message_id, now=now)
            elif request.POST.get("act") == "correct":
                text = request.POST.get("text", "")
                quarantine.correct(actor=actor, message_id=row.message_id, text=text, note=note, now=now)
            else:
                quarantine.settle(actor=actor, message_id=row.message_id, note=note, now=now)
        except Refusal as refusal:
            messages.error(request, " ".join([refusal.text, *map(str, refusal.fields.values())]))
            return HttpResponseRedirect(request.path)
        messages.success(request, _("Done."))
        return HttpResponseRedirect(reverse("admin:fhir_facade_hl7quarantine_changelist"))


def reason_words(reason: str) -> str:
    return str(REASONS.get(reason, reason))
