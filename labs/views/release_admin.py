"""The release policy in the Django admin: rows change by new versions, are withdrawn, never deleted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labs import policies, releasing
from labs.models import Hold, ReleaseRule
from labs.policy import Choice, Delay, Legal
from labs.ports import directory
from steadwell import clock
from steadwell.actor import Role
from steadwell.audit import service as audit
from steadwell.audit.looking import LookedAt, actor_of
from steadwell.errors import Refusal
from steadwell.ids import PersonId, SiteId

WRITERS = (Role.MANAGER, Role.ADMINISTRATOR)


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A row of the policy. Saving it adds a version; what it says counts for results filed from then on."""

    site_id = forms.TypedChoiceField(label=gettext_lazy("site"), required=False, empty_value=None)
    words_en = forms.CharField(
        label=gettext_lazy("words for the patient, English"), required=False, widget=forms.Textarea,
        help_text=gettext_lazy("{until} and {clinic} stand for when it ends and for the clinic."),
    )  # fmt: skip
    words_es = forms.CharField(
        label=gettext_lazy("words for the patient, Spanish"), required=False, widget=forms.Textarea
    )
    why = forms.CharField(label=gettext_lazy("reason for this change"), required=False, max_length=500)

    class Meta:
        model = ReleaseRule
        fields = (
            "loinc", "site_id", "age_from", "age_until", "on_choice", "delay", "hours", "longest_hours",
            "legal", "legal_text",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = directory().site_names(now=clock.now())
        site = self.fields["site_id"]
        assert isinstance(site, forms.TypedChoiceField)  # noqa: S101 - declared above
        site.choices = [("", "–"), *((str(site_id), name) for site_id, name in names.items())]
        for name in ("age_from", "age_until"):
            self.fields[name].required = False
        words = self.instance.words or {}
        self.initial["words_en"], self.initial["words_es"] = words.get("en", ""), words.get("es", "")

    def rule(self) -> policies.NewRule:
        given = self.cleaned_data
        words = {"en": given["words_en"].strip(), "es": given["words_es"].strip()}
        return policies.NewRule(
            loinc=given["loinc"], site_id=SiteId(given["site_id"]) if given["site_id"] else None,
            age_from=given["age_from"], age_until=given["age_until"],
            on_choice=Choice(given["on_choice"]) if given["on_choice"] else None, delay=Delay(given["delay"]),
            hours=given["hours"], longest_hours=given["longest_hours"], legal=Legal(given["legal"]),
            legal_text=given["legal_text"], words={each: text for each, text in words.items() if text},
        )  # fmt: skip

    def clean(self) -> dict[str, Any] | None:
        given = super().clean()
        if not self.errors:
            for field, text in policies.mistakes(self.rule()).items():
                self.add_error(field if field in self.fields else "words_en", text)
        return given


@admin.register(ReleaseRule)
class ReleaseRuleAdmin(LookedAt):
    readers = WRITERS
    form = RuleForm
    list_display = (
        "loinc", "delay", "longest_hours", "age_from", "age_until", "on_choice", "legal", "version",
        "valid_from", "valid_to",
    )  # fmt: skip
    list_filter = ("delay", "legal")
    ordering = ("loinc", "entity_id")
    actions = ("withdraw",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReleaseRule]:
        """Each row in its newest version."""
        newer = ReleaseRule.objects.filter(entity_id=OuterRef("entity_id"), version__gt=OuterRef("version"))
        return super().get_queryset(request).filter(~Exists(newer))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has(*WRITERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return actor_of(request).has(*WRITERS)

    def save_model(self, request: HttpRequest, obj: ReleaseRule, form: Any, change: bool) -> None:
        kept = ReleaseRule.objects.get(pk=obj.pk) if change else None
        policies.set_rule(
            actor=actor_of(request), rule=form.rule(), now=clock.now(), reason=form.cleaned_data["why"],
            rule_id=kept.entity_id if kept else None, seen=kept.version if kept else 0,
        )  # fmt: skip

    @admin.action(description=gettext_lazy("Withdraw, and show what they hold"))
    def withdraw(self, request: HttpRequest, chosen: QuerySet[ReleaseRule]) -> None:
        actor, now = actor_of(request), clock.now()
        for row in chosen:
            try:
                policies.retire_rule(actor=actor, rule_id=row.entity_id, seen=row.version, now=now)
                shown = releasing.withdraw(actor=actor, rule_id=row.entity_id, now=now)
            except Refusal as refused:
                messages.error(request, refused.text)
            else:
                messages.success(request, _("Withdrawn. Reports shown now: %(count)d.") % {"count": shown})

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit holds it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit holds it."""


@admin.register(Hold)
class HoldAdmin(LookedAt):
    """What is, and was, held back: from whom, why in law, and until when. Ended on the report's own page."""

    readers = (Role.ADMINISTRATOR,)
    list_display = ("opened_at", "audience", "delay", "legal", "ends_at", "ended_at", "ended_how")
    list_filter = ("audience", "legal", "ended_how")
    search_fields = ("=report__id",)
    ordering = ("-id",)
    list_per_page = 50
    fields = (
        "id", "report_id", "person_id", "loinc", "audience", "cause", "delay", "rule_id", "rule_version",
        "legal", "legal_text", "opened_at", "starts_at", "ends_at", "ended_at", "ended_how", "ended_by",
    )  # fmt: skip

    def seen(self, row: Hold) -> audit.Entry:
        return audit.Entry(
            action="lab.view-hold",
            category="lab",
            subject_id=PersonId(row.person_id),
            entity_id=row.report_id,
        )
