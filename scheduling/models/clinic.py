"""What a clinic is made of. Rows change rarely; every process keeps a snapshot of them (see catalogue.py)."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from steadwell.ids import new_id


def known_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("This is not a time zone, such as America/New_York."))


class CatalogueStamp(models.Model):
    """One row whose value changes with every change of set-up: triggers on the set-up tables write it.

    A process whose snapshot carries another stamp reads the set-up afresh. phi: none
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    stamp = models.UUIDField()

    class Meta:
        constraints = [
            # There is one stamp; two would let a process compare with the wrong one.
            models.CheckConstraint(condition=models.Q(id=1), name="scheduling_one_stamp"),
        ]


class Organisation(models.Model):
    """Who runs the sites. phi: none"""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=200)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """A place with its own wall clock and its own rules for booking. phi: none"""

    class Mode(models.TextChoices):
        OPEN = "open", _("Patients book")
        REQUEST = "request", _("Patients ask, the clinic approves")
        VIEW_ONLY = "view-only", _("Patients see their visits only")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, verbose_name=_("organisation"))
    name = models.CharField(_("name"), max_length=200)
    address = models.CharField(_("address"), max_length=300, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[known_zone])
    mode = models.CharField(_("booking"), max_length=12, choices=Mode, default=Mode.OPEN)
    book_lead_minutes = models.PositiveIntegerField(
        _("shortest notice"),
        default=60,
        help_text=_("Minutes before a visit until which patients may book it."),
    )
    cancel_lead_minutes = models.PositiveIntegerField(
        _("notice for changes"),
        default=120,
        help_text=_("Minutes before a visit until which patients may move or cancel it themselves."),
    )
    window_days = models.PositiveSmallIntegerField(
        _("booking window"), default=60, validators=[MaxValueValidator(400)],
        help_text=_("How many days ahead patients may book."),
    )  # fmt: skip
    cap_per_day = models.PositiveSmallIntegerField(
        _("visits per patient and day"), default=2, help_text=_("0 means no limit.")
    )
    cap_ahead = models.PositiveSmallIntegerField(
        _("visits ahead per patient"), default=6, help_text=_("0 means no limit.")
    )
    # db_default: the code before this one writes rows without them.
    answer_hours = models.PositiveSmallIntegerField(
        _("time to answer"),
        default=8,
        db_default=8,
        validators=[MinValueValidator(1)],
        help_text=_("Working hours within which requests are answered; the desk is reminded after that."),
    )
    answer_lead_minutes = models.PositiveIntegerField(
        _("last moment to answer"),
        default=120,
        db_default=120,
        help_text=_("Minutes before a visit at which a request without an answer ends by itself."),
    )
    video_link = models.CharField(
        _("video address"),
        max_length=200,
        validators=[RegexValidator(r"^https://\S+$")],
        blank=True,
        help_text=_("Where video visits take place; {visit} becomes the visit's id."),
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        constraints = [
            # Every branch of the code knows these three and no other.
            models.CheckConstraint(
                condition=models.Q(mode__in=["open", "request", "view-only"]), name="scheduling_site_mode"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    """A local date on which a site is closed. phi: none"""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, verbose_name=_("site"))
    on = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        constraints = [
            # One name per closed day, so that the reason given for an empty day is one.
            models.UniqueConstraint(fields=["site", "on"], name="scheduling_holiday_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.on}"


class Resource(models.Model):
    """A room or a piece of equipment that a visit needs for itself. phi: none"""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, verbose_name=_("site"))
    kind = models.CharField(_("kind"), max_length=40)
    name = models.CharField(_("name"), max_length=100)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("room or equipment")
        verbose_name_plural = _("rooms and equipment")

    def __str__(self) -> str:
        return self.name


class Practitioner(models.Model):
    """A clinician as patients see them. phi: none (staff)"""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=200)
    title = models.CharField(_("title"), max_length=100, blank=True, help_text=_("Such as Family doctor."))
    specialities = ArrayField(models.CharField(max_length=40), verbose_name=_("specialities"), default=list)
    languages = ArrayField(
        models.CharField(max_length=8), verbose_name=_("languages"), default=list, blank=True
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("clinician")
        verbose_name_plural = _("clinicians")

    def __str__(self) -> str:
        return self.name


class VisitType(models.Model):
    """A kind of visit: how long it takes, who gives it and what it needs. phi: none"""

    class Modality(models.TextChoices):
        IN_PERSON = "in-person", _("In person")
        VIDEO = "video", _("By video")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, verbose_name=_("organisation"))
    code = models.SlugField(_("code"), max_length=60)
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=500, blank=True)
    preparation = models.CharField(_("preparation"), max_length=1000, blank=True)
    speciality = models.CharField(_("speciality"), max_length=40, help_text=_("Who may give it."))
    resource_kinds = ArrayField(
        models.CharField(max_length=40), verbose_name=_("needs"), default=list, blank=True,
        help_text=_("Kinds of rooms and equipment; one of each is taken."),
    )  # fmt: skip
    modality = models.CharField(_("how"), max_length=10, choices=Modality, default=Modality.IN_PERSON)
    minutes = models.PositiveSmallIntegerField(
        _("length in minutes"), validators=[MinValueValidator(5), MaxValueValidator(720)]
    )
    step_minutes = models.PositiveSmallIntegerField(
        _("starts every … minutes"), default=0, help_text=_("0: one after the other.")
    )
    buffer_before = models.PositiveSmallIntegerField(_("minutes kept free before"), default=0)
    buffer_after = models.PositiveSmallIntegerField(_("minutes kept free after"), default=0)
    capacity = models.PositiveSmallIntegerField(
        _("places"), default=1, validators=[MinValueValidator(1), MaxValueValidator(200)]
    )
    patients_may_book = models.BooleanField(_("patients may book it"), default=True)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("visit type")
        verbose_name_plural = _("visit types")
        constraints = [
            # The code is how imports and the API name it.
            models.UniqueConstraint(fields=["organisation", "code"], name="scheduling_visit_type_code"),
            # A visit of no length would claim an empty range, which overlaps nothing: sold without end.
            models.CheckConstraint(
                condition=models.Q(minutes__gte=5) & models.Q(capacity__gte=1),
                name="scheduling_visit_type_size",
            ),
        ]

    def __str__(self) -> str:
        return self.name
