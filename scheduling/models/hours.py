"""When clinicians work, in wall time, and when they do not, in instants."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from scheduling.models.clinic import Practitioner, Site
from steadwell.ids import new_id

WEEKDAYS = [
    (0, _("Monday")), (1, _("Tuesday")), (2, _("Wednesday")), (3, _("Thursday")),
    (4, _("Friday")), (5, _("Saturday")), (6, _("Sunday")),
]  # fmt: skip


class WeeklyHours(models.Model):
    """A window of a weekday, between two dates. Wall time of the site; an end of 00:00 is midnight at the
    day's end.

    phi: none (staff)
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, verbose_name=_("clinician"))
    site = models.ForeignKey(Site, on_delete=models.CASCADE, verbose_name=_("site"))
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=WEEKDAYS)
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))
    visit_type_ids = ArrayField(
        models.UUIDField(), verbose_name=_("visit types"), default=list, blank=True,
        help_text=_("Empty: every visit type the clinician's specialities allow."),
    )  # fmt: skip
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True, help_text=_("The last day."))

    class Meta:
        verbose_name = _("weekly hours")
        verbose_name_plural = _("weekly hours")
        constraints = [
            # Python's weekday: Monday is 0.
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="scheduling_hours_weekday"),
            # An end before its start would be no time at all; nights are two windows, which join at midnight.
            models.CheckConstraint(
                condition=models.Q(ends__gt=models.F("starts")) | models.Q(ends="00:00"),
                name="scheduling_hours_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}-{self.ends:%H:%M}"


class AvailabilityException(models.Model):
    """One date that differs from the week: extra hours, or hours that fall out. phi: none (staff)"""

    class Effect(models.TextChoices):
        ADDS = "adds", _("Extra hours")
        REMOVES = "removes", _("Hours that fall out")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, verbose_name=_("clinician"))
    site = models.ForeignKey(Site, on_delete=models.CASCADE, verbose_name=_("site"))
    on = models.DateField(_("date"))
    effect = models.CharField(_("effect"), max_length=8, choices=Effect)
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))
    visit_type_ids = ArrayField(models.UUIDField(), verbose_name=_("visit types"), default=list, blank=True)

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        constraints = [
            # As for weekly hours.
            models.CheckConstraint(
                condition=models.Q(ends__gt=models.F("starts")) | models.Q(ends="00:00"),
                name="scheduling_exception_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.starts:%H:%M}-{self.ends:%H:%M}"


class Closure(models.Model):
    """A stretch in which a clinician cannot be booked: leave, a block, busy time of another calendar.

    Its time is claimed like a visit's (see closures), so that a booking under way cannot slip in beneath
    it. One that has ended claims nothing; its row stays, as what was closed, until when, and who ended it.
    phi: none (staff)
    """

    class Kind(models.TextChoices):
        LEAVE = "leave", _("Leave")
        BLOCK = "block", _("Blocked")
        IMPORTED = "imported", _("Busy in another calendar")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, verbose_name=_("clinician"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    source_uid = models.CharField(max_length=255, blank=True, default="")
    # Which of a clinician's other calendars it came from; an import of one leaves the others alone.
    source = models.CharField(max_length=40, blank=True, default="", db_default="")
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    ended_by = models.UUIDField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("time off")
        verbose_name_plural = _("time off")
        constraints = [
            # Its claim would be empty.
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="scheduling_closure_in_order"
            ),
        ]
        indexes = [
            # A clinician's time off in a window, for calendars.
            models.Index(fields=["practitioner", "ends_at"], name="scheduling_closure_window"),
            # Which event of another calendar brought it.
            models.Index(
                fields=["practitioner", "source_uid"],
                condition=~models.Q(source_uid=""),
                name="scheduling_closure_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.starts_at:%Y-%m-%d %H:%M}"
