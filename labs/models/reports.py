"""What laboratories said, version by version, and what of it counts now."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labs.types import Flag, Status, ValueKind
from steadwell.history.models import Version
from steadwell.ids import new_id

STATUSES = [(status.value, status.value) for status in Status]
FLAGS = [(flag.value, flag.value) for flag in Flag]
KINDS = [(kind.value, kind.value) for kind in ValueKind]


class Report(models.Model):
    """One report of one laboratory, as it stands now: made from its versions in the transaction that adds
    one (settling.py), so that a list reads one row each. phi: direct.

    ``version`` counts the versions filed, so it grows with every change of what is shown. ``shown_version``
    is the one whose heading counts; an older message that came late does not become it. ``changed_version``
    is the last one that changed what a reader sees, and so what they may have missed.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    sender = models.CharField(_("sender"), max_length=56)
    # F|filler number|code, or P|placer number|code where the laboratory gave no number (identifying.py).
    identity = models.CharField(max_length=420, db_collation="C")
    version = models.PositiveIntegerField(_("version"))
    shown_version = models.PositiveIntegerField()
    # None in rows from before it was kept: then every version counts as a change.
    changed_version = models.PositiveIntegerField(null=True)
    # The source record it came with: a merge or a relink never re-keys it. ``person_id`` is the person whom
    # that record's link names, copied for the lists (matching.py).
    record_id = models.UUIDField(null=True)
    person_id = models.UUIDField(_("patient"), null=True)
    # A person decided for this report alone: neither its record nor a later message moves it again.
    pinned = models.BooleanField(default=False)
    site_id = models.UUIDField(_("site"), null=True)
    practitioner_id = models.UUIDField(_("clinician"), null=True)
    order = models.ForeignKey("Order", models.PROTECT, null=True, related_name="+", db_index=False)
    placer_number = models.CharField(_("order number"), max_length=200, blank=True, db_collation="C")
    # Empty, or why nobody may see it yet as somebody's: a code of waiting.Wait.
    waits = models.CharField(_("waits"), max_length=24, blank=True)
    loinc = models.CharField("LOINC", max_length=12, blank=True)
    name = models.CharField(_("test"), max_length=250)
    performer = models.CharField(_("laboratory"), max_length=250, blank=True)
    specimen = models.CharField(_("specimen"), max_length=250, blank=True)
    status = models.CharField(_("status"), max_length=18, choices=STATUSES)
    # The report's own status and its observations' contradict each other: shown, not hidden.
    status_disagrees = models.BooleanField(default=False)
    corrected = models.BooleanField(_("corrected"), default=False)
    critical = models.BooleanField(_("critical"), default=False)
    abnormal = models.BooleanField(_("abnormal"), default=False)
    quarantined = models.PositiveSmallIntegerField(_("set aside"), default=0)
    notes = models.JSONField(default=list)
    collected_at = models.DateTimeField(_("collected"), null=True)
    issued_at = models.DateTimeField(_("issued"), null=True)
    # Collected, else issued, else received: the instant by which lists are ordered.
    charted_at = models.DateTimeField()
    received_at = models.DateTimeField(_("received"))
    changed_at = models.DateTimeField()  # the newest version was recorded

    class Meta:
        verbose_name = _("lab report")
        verbose_name_plural = _("lab reports")
        constraints = [
            # The same report coming twice at once is one report.
            models.UniqueConstraint(fields=["sender", "identity"], name="labs_report_once"),
            # What waits for its patient is nobody's; what does not wait is somebody's.
            models.CheckConstraint(
                condition=~Q(waits="") | Q(person_id__isnull=False), name="labs_report_somebody"
            ),
        ]
        indexes = [
            # A patient's reports, newest first, by keyset.
            models.Index(fields=["person_id", "-charted_at", "-id"], name="labs_report_of_person"),
            # The queue of what waits, oldest first.
            models.Index(fields=["received_at", "id"], name="labs_report_waiting", condition=~Q(waits="")),
            # The reports of a source record: it is matched, or about another person from now on.
            models.Index(fields=["record_id"], name="labs_report_of_record"),
            # An order that is placed after its report came.
            models.Index(fields=["placer_number"], name="labs_report_placer", condition=~Q(placer_number="")),
            # What came of an order.
            models.Index(fields=["order"], name="labs_report_of_order", condition=Q(order__isnull=False)),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ReportVersion(Version):
    """One message about a report, as sent. Append-only; numbered as they came. phi: direct.

    ``valid_from`` is when the specimen was collected (else told), ``recorded_at`` when we learnt it.
    """

    message_id = models.UUIDField(null=True)
    record_id = models.UUIDField(null=True)  # the source record of the patient it named
    replays = models.PositiveIntegerField(null=True)  # a reading put right here, of that version's words
    digest = models.CharField(max_length=64)  # of all that was said
    heading_digest = models.CharField(max_length=64)  # of what is said about the report itself
    status_told = models.CharField(max_length=18, blank=True)
    issued_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    complete = models.BooleanField(default=False)
    code = models.CharField(max_length=200, blank=True)
    code_system = models.CharField(max_length=20, blank=True)
    loinc = models.CharField(max_length=12, blank=True)
    name = models.CharField(max_length=250)
    placer_number = models.CharField(max_length=200, blank=True)
    filler_number = models.CharField(max_length=200, blank=True)
    parent_filler_number = models.CharField(max_length=200, blank=True)
    ordered_by = models.CharField(max_length=100, blank=True)
    ordered_by_name = models.CharField(max_length=250, blank=True)
    copies_to = models.JSONField(default=list)
    performer = models.CharField(max_length=250, blank=True)
    specimen = models.CharField(max_length=250, blank=True)
    collected_at = models.DateTimeField(null=True)
    collected_text = models.CharField(max_length=60, blank=True)
    notes = models.JSONField(default=list)

    class Meta(Version.Meta):
        abstract = False
        constraints = [
            # Those of every version table.
            *Version.Meta.constraints,
            # The same message content is one version, however often it is sent.
            models.UniqueConstraint(fields=["entity_id", "digest"], name="labs_reportversion_once"),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id} v{self.version}"


class Result(models.Model):
    """One observation of a report over its versions, and which of them counts now. phi: direct.

    The words are in its ResultVersion; ``status`` is the settled one, which a later cancellation of the
    whole report changes without a word about the observation.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    report = models.ForeignKey(Report, models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=250, db_collation="C")
    version = models.PositiveIntegerField()
    previous_version = models.PositiveIntegerField(null=True)
    status = models.CharField(max_length=18, choices=STATUSES)
    corrected = models.BooleanField(default=False)
    reason = models.CharField(max_length=40, blank=True)  # why it replaced the previous: settling.Why
    flag = models.CharField(max_length=5, choices=FLAGS, blank=True)
    loinc = models.CharField(max_length=12, blank=True)
    person_id = models.UUIDField(null=True)  # the report's, for the series
    observed_at = models.DateTimeField()

    class Meta:
        constraints = [
            # An observation is one row of its report. Also a report's results.
            models.UniqueConstraint(fields=["report", "key"], name="labs_result_once"),
        ]
        indexes = [
            # A patient's results of one test over time.
            models.Index(fields=["person_id", "loinc", "-observed_at"], name="labs_result_series"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ResultVersion(Version):
    """One observation in one message: as sent, and as read. Append-only. phi: direct.

    ``version`` is the report's version it came in. Numbers are kept as text, digit for digit.
    """

    report_id = models.UUIDField()  # its Result, written in the same statement, holds the reference
    key = models.CharField(max_length=250)
    position = models.PositiveIntegerField()
    parent_key = models.CharField(max_length=250, blank=True)
    sub_id = models.CharField(max_length=60, blank=True)
    digest = models.CharField(max_length=64)  # of what a reader would see: equal means nothing was corrected
    code = models.CharField(max_length=200, blank=True)
    code_system = models.CharField(max_length=20, blank=True)
    loinc = models.CharField(max_length=12, blank=True)
    name = models.CharField(max_length=250)
    value_type = models.CharField(max_length=10, blank=True)
    value_text = models.TextField(blank=True)
    value_code = models.CharField(max_length=200, blank=True)
    value_code_system = models.CharField(max_length=20, blank=True)
    unit_text = models.CharField(max_length=100, blank=True)
    range_text = models.CharField(max_length=250, blank=True)
    flag_sent = models.CharField(max_length=60, blank=True)
    status_told = models.CharField(max_length=18, blank=True)
    effective_at = models.DateTimeField(null=True)
    effective_text = models.CharField(max_length=60, blank=True)
    method = models.CharField(max_length=250, blank=True)
    performer = models.CharField(max_length=250, blank=True)
    notes = models.JSONField(default=list)
    kind = models.CharField(max_length=8, choices=KINDS)
    comparator = models.CharField(max_length=2, blank=True)
    number = models.CharField(max_length=60, blank=True)
    # Both ends of a range, or numerator and denominator of a ratio or titre.
    low = models.CharField(max_length=60, blank=True)
    high = models.CharField(max_length=60, blank=True)
    unit = models.CharField(max_length=60, blank=True)  # UCUM
    unit_reason = models.CharField(max_length=300, blank=True)
    problem = models.CharField(max_length=300, blank=True)  # why it is set aside as well
    absent_reason = models.CharField(max_length=60, blank=True)
    range_low = models.CharField(max_length=60, blank=True)
    range_high = models.CharField(max_length=60, blank=True)
    range_is_ours = models.BooleanField(default=False)  # the laboratory sent none; ours is a usual one
    flag = models.CharField(max_length=5, choices=FLAGS, blank=True)
    flag_computed = models.CharField(max_length=5, choices=FLAGS, blank=True)
    flags_disagree = models.BooleanField(default=False)

    class Meta(Version.Meta):
        abstract = False
        indexes = [
            # All versions of a report's results: settling it, and its history.
            models.Index(fields=["report_id", "version"], name="labs_resultversion_of_report"),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id} v{self.version}"


class Document(models.Model):
    """A document that came with a version of a report: the laboratory's own PDF. Never changed. phi: direct.

    ``digest`` is the SHA-256 of the content.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    report = models.ForeignKey(Report, models.PROTECT, related_name="+", db_index=False)
    version = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    content = models.BinaryField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            # The same document sent again with the next version is one document. Also a report's documents.
            models.UniqueConstraint(fields=["report", "digest"], name="labs_document_once"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
