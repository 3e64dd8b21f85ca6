"""What staff decide about in the admin: actions that did not end, words that wait, campaigns.

Each page shows a row and what may be done with it; doing it is the service's, with its rights and its audit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import display_for_field
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import ledger, presenters, samples, wordings
from notifications.campaigns import access, running, showing
from notifications.models import Campaign, LedgerCheck, PatientAction, Wording
from notifications.models.ledger import ActionState
from notifications.models.wordings import WordingState
from steadwell import clock
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.audit.looking import DecidedAt, LookedAt, actor_of
from steadwell.errors import Invalid, Refusal
from steadwell.ids import PersonId

DESK = (Role.FRONT_DESK, Role.MANAGER, Role.ADMINISTRATOR)
RUNNING = (Role.MANAGER, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that may be done with a row now."""

    word: str
    label: str | Promise
    asks_reason: bool = False


class ActedOn(DecidedAt):
    """A row as its fields say it, with what may be done."""

    decision_template = "admin/notifications/decide.html"
    title: str | Promise = ""

    def may(self, row: Any, actor: Actor) -> Sequence[Act]:
        raise NotImplementedError

    def act(self, row: Any, word: str, *, reason: str, actor: Actor) -> None:
        raise NotImplementedError

    def more(self, row: Any) -> Sequence[tuple[str, str]]:
        """What else is to be known, as term and value."""
        return ()

    def decision(self, request: HttpRequest, row: Any) -> dict[str, object]:
        said = [_said(row, str(name)) for name in self.fields or ()]
        acts = self.may(row, actor_of(request))
        return {
            "title": self.title, "facts": [*said, *self.more(row)], "acts": acts,
            "asks_reason": any(each.asks_reason for each in acts),
        }  # fmt: skip

    def decide(self, request: HttpRequest, row: Any) -> HttpResponse:
        """``act`` is one of the words; whether it may be now is the service's to say."""
        word, actor = request.POST.get("act", ""), actor_of(request)
        try:
            self.act(row, word, reason=request.POST.get("reason", ""), actor=actor)
        except Refusal as refusal:
            said = " ".join(map(str, refusal.fields.values())) if isinstance(refusal, Invalid) else ""
            messages.error(request, _(said) if said else refusal.text)
        else:
            messages.success(request, _("Done."))
        return HttpResponseRedirect(request.path)


def _said(row: Model, name: str) -> tuple[str, str]:
    field: Any = row._meta.get_field(name)
    return str(field.verbose_name), str(display_for_field(getattr(row, name), field, "-"))


@admin.register(PatientAction)
class PatientActionAdmin(ActedOn):
    """What patients asked for, and how it ended. What did not is tried again, or settled with a reason."""

    readers = DESK
    title = gettext_lazy("Something a patient asked for")
    list_display = ("opened_at", "kind", "state", "deadline", "closed_at", "cause", "replays")
    list_filter = ("state", "kind")
    search_fields = ("=person_id", "=about", "=id")
    search_help_text = gettext_lazy("Id of a patient, of what it is about, or of the action")
    ordering = ("-opened_at",)
    list_per_page = 50
    fields = (
        "kind", "about", "person_id", "state", "opened_at", "deadline", "closed_at", "cause", "replays",
        "settled_at", "reason",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[PatientAction]:
        return super().get_queryset(request).filter(pk__in=ledger.seen_by(actor_of(request)).values("pk"))

    def seen(self, row: PatientAction) -> audit.Entry:
        return audit.Entry(
            action="action.view", category="message", subject_id=PersonId(row.person_id), entity_id=row.about
        )

    def may(self, row: PatientAction, actor: Actor) -> Sequence[Act]:
        if row.state not in {ActionState.TOLD, ActionState.FAILED}:
            return ()
        settle = Act(word="settle", label=gettext_lazy("Settled, as I say"), asks_reason=True)
        if row.kind not in ledger.replayable():
            return (settle,)
        return (Act(word="again", label=gettext_lazy("Try again")), settle)

    def act(self, row: PatientAction, word: str, *, reason: str, actor: Actor) -> None:
        if word == "again":
            ledger.replay_action(actor=actor, action_id=row.pk, now=clock.now())
        else:
            ledger.settle_action(actor=actor, action_id=row.pk, reason=reason, now=clock.now())


@admin.register(LedgerCheck)
class LedgerCheckAdmin(LookedAt):
    """What each run of the check counted; about nobody in particular."""

    readers = RUNNING
    list_display = ("at", "under_way", "told", "silent", "oldest_at")
    ordering = ("-at",)
    list_per_page = 50
    fields = ("at", "under_way", "told", "silent", "oldest_at")


@admin.register(Wording)
class WordingAdmin(ActedOn):
    """Versions of messages' words. They are written, and tried with sample data, in the portal."""

    readers = RUNNING
    title = gettext_lazy("Words of a message")
    list_display = ("template", "version", "state", "proposed_at", "decided_at")
    list_filter = ("state", "template")
    ordering = ("template", "-version")
    list_per_page = 50
    fields = (
        "template", "version", "state", "proposed_by", "proposed_at", "decided_by", "decided_at", "reason",
    )  # fmt: skip

    def more(self, row: Wording) -> Sequence[tuple[str, str]]:
        template = wordings.find_template(row.template)
        found = []
        for language, text in wordings.view(row).texts.items():
            said = samples.preview(template, text, language)
            words = f"{said.mail.subject}\n\n{said.mail.text}"
            found.append((f"{presenters.template_name(row.template)} ({language})", words))
        return found

    def may(self, row: Wording, actor: Actor) -> Sequence[Act]:
        if row.state != WordingState.PROPOSED or row.proposed_by == actor.user_id:
            return ()
        return (
            Act(word="approve", label=gettext_lazy("Take into use")),
            Act(word="refuse", label=gettext_lazy("Do not take into use"), asks_reason=True),
        )

    def act(self, row: Wording, word: str, *, reason: str, actor: Actor) -> None:
        if word == "approve":
            wordings.approve(actor=actor, wording_id=row.pk, now=clock.now())
        else:
            wordings.refuse(actor=actor, wording_id=row.pk, reason=reason, now=clock.now())


@admin.register(Campaign)
class CampaignAdmin(ActedOn):
    """Invitations to many, each manager their own sites'. They are made in the portal, and shown there."""

    readers = RUNNING
    title = gettext_lazy("A campaign")
    list_display = ("created_at", "name", "template", "state", "per_minute", "started_at", "ended_at")
    list_filter = ("state", "template")
    ordering = ("-created_at",)
    list_per_page = 50
    fields = (
        "name", "template", "criteria", "site_id", "state", "per_minute", "created_by", "created_at",
        "planned_at", "started_at", "ended_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        return super().get_queryset(request).filter(pk__in=access.seen_by(actor_of(request)).values("pk"))

    def more(self, row: Campaign) -> Sequence[tuple[str, str]]:
        return [(str(label), str(number)) for label, number in access.counted(row)]

    def may(self, row: Campaign, actor: Actor) -> Sequence[Act]:
        return [Act(word=word, label=showing.WORDS[word][0]) for word in showing.POSSIBLE[row.state]]

    def act(self, row: Campaign, word: str, *, reason: str, actor: Actor) -> None:
        running.move(actor=actor, campaign_id=row.pk, word=word, now=clock.now())
