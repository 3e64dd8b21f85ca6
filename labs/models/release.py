"""Tables of release: the clinic's policy, what patients chose, what is held back and why, who opened what."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from labs.policy import Audience, Cause, Choice, Delay, Legal
from steadwell.history.models import Version
from steadwell.ids import new_id

DELAYS = [(each.value, each.value) for each in Delay]
LEGAL = [(each.value, each.value) for each in Legal]
CHOICES = [(each.value, each.value) for each in Choice]
AUDIENCES = [(each.value, each.value) for each in Audience]
CAUSES = [(each.value, each.value) for each in Cause]


class ReleaseRule(Version):
    """One version of one row of the release policy (policy.Rule). Append-only. phi: none.

    ``valid_from`` to ``valid_to`` is when it is active; ``words`` are the sentence for the
    patient, by language.
    """

    loinc = models.CharField("LOINC", max_length=12, blank=True)
    site_id = models.UUIDField(_("site"), null=True)
    age_from = models.PositiveSmallIntegerField(_("from age"), null=True)
    age_until = models.PositiveSmallIntegerField(_("until age"), null=True)
    on_choice = models.CharField(_("when the patient chose"), max_length=12, blank=True, choices=CHOICES)
    delay = models.CharField(_("held"), max_length=20, choices=DELAYS)
    hours = models.PositiveIntegerField(_("hours"), default=0)
    longest_hours = models.PositiveIntegerField(_("at most hours"), default=0)
    legal = models.CharField(_("legal reason"), max_length=24, choices=LEGAL)
    legal_text = models.CharField(_("reason in words"), max_length=500)
    words = models.JSONField(_("words for the patient"), default=dict)

    class Meta(Version.Meta):
        abstract = False
        verbose_name = _("release rule")
        verbose_name_plural = _("release rules")
        constraints = [
            *Version.Meta.constraints,  # of every version table
            # Nothing is held for ever: whatever delays says when it ends at the latest.
            models.CheckConstraint(
                condition=Q(delay="none") | Q(longest_hours__gte=1), name="labs_rule_ends"
            ),
            # A rule about those who act for a child ends with an age.
            models.CheckConstraint(
                condition=~Q(delay="hidden-from-proxies") | Q(age_until__isnull=False),
                name="labs_rule_age_ends",
            ),
            # Ages from one to another, not the other way round.
            models.CheckConstraint(
                condition=Q(age_from__isnull=True)
                | Q(age_until__isnull=True)
                | Q(age_from__lt=F("age_until")),
                name="labs_rule_ages",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id} v{self.version}"


class ReleaseDefault(Version):
    """What holds at a site for who chose nothing. ``entity_id`` is the site. Append-only. phi: none."""

    choice = models.CharField(_("shown"), max_length=12, choices=CHOICES)
    legal = models.CharField(_("legal reason"), max_length=24, choices=LEGAL, blank=True)

    class Meta(Version.Meta):
        abstract = False
        verbose_name = _("when results are shown")
        verbose_name_plural = _("when results are shown")
        constraints = [
            *Version.Meta.constraints,  # of every version table
            # A clinic that delays for everybody needs a reason in law.
            models.CheckConstraint(condition=Q(choice="at-once") | ~Q(legal=""), name="labs_default_legal"),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id} v{self.version}"


class ReleaseChoice(Version):
    """What a patient chose about their results; ``entity_id`` is the person. Append-only. phi: indirect."""

    choice = models.CharField(max_length=12, choices=CHOICES)

    class Meta(Version.Meta):
        abstract = False
        constraints = Version.Meta.constraints

    def __str__(self) -> str:
        return f"{self.entity_id} v{self.version}"


class Release(models.Model):
    """That the policy was asked about a report, and when its patient could first see it. phi: indirect.

    No row: nobody on the patient's side sees it. ``decided`` are the tests (LOINC, empty for those without)
    about which the policy was asked: a test that a later version brings is not shown before it was.
    ``rounds`` counts how often something of it became visible that was not before.
    """

    report = models.OneToOneField("Report", models.PROTECT, primary_key=True, related_name="+")
    person_id = models.UUIDField()
    site_id = models.UUIDField(null=True)
    opened_at = models.DateTimeField()
    final_at = models.DateTimeField(null=True)
    decided = ArrayField(models.CharField(max_length=12, blank=True), default=list)
    decided_version = models.PositiveIntegerField()
    released_at = models.DateTimeField(null=True)
    rounds = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        indexes = [
            # What a patient can see, newest first; and their new results.
            models.Index(
                F("person_id"), F("released_at").desc(), name="labs_released",
                condition=Q(released_at__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.pk)


class Hold(models.Model):
    """One report, or the results of one test in it, held back from somebody for a time. phi: indirect.

    It holds from ``starts_at`` until ``ends_at``, or until it is ended before; nothing needs to run for it to
    end. The legal reason and the words are the rule's as they were when it began, and never change.
    """

    class How(models.TextChoices):
        TIME = "time", _("its time was over")
        SIGNED = "signed", _("a clinician had seen it")
        TALKED = "talked", _("clinician and patient had talked")
        EARLY = "early", _("a clinician released it")
        ASKED = "asked", _("the patient asked to see it")
        RULE = "rule", _("the rule was withdrawn")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    report = models.ForeignKey("Report", models.PROTECT, related_name="+", db_index=False)
    person_id = models.UUIDField(_("patient"))
    loinc = models.CharField("LOINC", max_length=12, blank=True)
    audience = models.CharField(_("held from"), max_length=10, choices=AUDIENCES)
    cause = models.CharField(_("because of"), max_length=10, choices=CAUSES)
    rule_id = models.UUIDField()
    rule_version = models.PositiveIntegerField()
    delay = models.CharField(_("until"), max_length=20, choices=DELAYS)
    hours = models.PositiveIntegerField(default=0)  # after the final result, where it waits for that
    legal = models.CharField(_("legal reason"), max_length=24, choices=LEGAL)
    legal_text = models.CharField(_("reason in words"), max_length=500)
    words = models.JSONField(default=dict)
    opened_at = models.DateTimeField(_("since"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("ends by itself"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_how = models.CharField(_("ended because"), max_length=10, choices=How, blank=True)
    ended_by = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("held result")
        verbose_name_plural = _("held results")
        constraints = [
            # The same is held once for the same person: what was ended does not begin again with the next
            # version. Also a report's holds.
            models.UniqueConstraint(
                fields=["report", "person_id", "loinc", "audience", "cause"], name="labs_hold_once"
            ),
            # It ends by itself, after it began.
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="labs_hold_ends"),
            # What has ended says how.
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_how="")
                | (Q(ended_at__isnull=False) & ~Q(ended_how="")),
                name="labs_hold_ended_how",
            ),
        ]
        indexes = [
            # What is held back now, in the admin; what a withdrawn rule holds.
            models.Index(
                fields=["rule_id", "ends_at"], name="labs_hold_open", condition=Q(ended_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Opening(models.Model):
    """The newest version of a report that one reader of the patient's side has opened. phi: indirect.

    For "new" in lists and for the correction on top of the page; who saw what is the audit trail's to say.
    """

    report = models.ForeignKey("Report", models.PROTECT, related_name="+", db_index=False)
    user_id = models.UUIDField()
    version = models.PositiveIntegerField()
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [
            # One row per reader and report. Also the look-up of a list's marks.
            models.UniqueConstraint(fields=["report", "user_id"], name="labs_opened_once"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
