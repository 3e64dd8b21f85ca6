"""The clinic, its hours, and what is taken of them."""

from __future__ import annotations

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models

import scheduling.models.clinic
import steadwell.ids
from steadwell.history.operations import AppendOnly


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        # Equality of ids beside overlap of times in one exclusion constraint.
        BtreeGistExtension(),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
            ],
            options={
                "verbose_name": "organisation",
                "verbose_name_plural": "organisations",
            },
        ),
        migrations.CreateModel(
            name="Practitioner",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                (
                    "title",
                    models.CharField(
                        blank=True, help_text="Such as Family doctor.", max_length=100, verbose_name="title"
                    ),
                ),
                (
                    "specialities",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        default=list,
                        size=None,
                        verbose_name="specialities",
                    ),
                ),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="languages",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
            ],
            options={
                "verbose_name": "clinician",
                "verbose_name_plural": "clinicians",
            },
        ),
        migrations.CreateModel(
            name="AppointmentVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("entity_id", models.UUIDField()),
                ("version", models.PositiveIntegerField()),
                ("supersedes", models.PositiveIntegerField(null=True)),
                ("valid_from", models.DateTimeField()),
                ("valid_to", models.DateTimeField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.UUIDField(null=True)),
                ("recorded_role", models.CharField(max_length=64)),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
                ("source", models.CharField(blank=True, default="", max_length=100)),
                ("move", models.CharField(max_length=20)),
                ("status", models.CharField(max_length=20)),
                ("person_id", models.UUIDField()),
                ("visit_type_id", models.UUIDField()),
                ("practitioner_id", models.UUIDField()),
                ("site_id", models.UUIDField()),
                (
                    "resource_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("wall_start", models.CharField(max_length=19)),
                ("time_zone", models.CharField(max_length=64)),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity_id", "version"), name="scheduling_appointmentversion_version"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="scheduling_appointmentversion_from_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("supersedes__isnull", True),
                            ("supersedes__lt", models.F("version")),
                            _connector="OR",
                        ),
                        name="scheduling_appointmentversion_supersedes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True),
                            ("valid_to__gt", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="scheduling_appointmentversion_valid_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("person_id", models.UUIDField(null=True)),
                ("practitioner_id", models.UUIDField(null=True)),
                ("token_hash", models.BinaryField(max_length=32)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.UUIDField()),
                ("revoked_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("token_hash",), name="scheduling_feed_token"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("person_id__isnull", True), ("practitioner_id__isnull", True), _connector="XOR"
                        ),
                        name="scheduling_feed_of_one",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at__isnull", True)),
                        fields=("created_by", "person_id"),
                        name="scheduling_feed_person",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("revoked_at__isnull", True)),
                        fields=("created_by", "practitioner_id"),
                        name="scheduling_feed_clinician",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CatalogueStamp",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("stamp", models.UUIDField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="scheduling_one_stamp")
                ],
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("claimant_id", models.UUIDField()),
                ("during", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("practitioner", "Practitioner"),
                            ("resource", "Resource"),
                            ("patient", "Patient"),
                            ("closure", "Closure"),
                            ("tile", "Tile"),
                        ],
                        max_length=12,
                    ),
                ),
                ("owner_id", models.UUIDField()),
                ("site_id", models.UUIDField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("overbooked", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["owner_id"], name="scheduling_claim_owner"),
                    django.contrib.postgres.indexes.GistIndex(
                        condition=models.Q(("overbooked", True)),
                        fields=["claimant_id", "during"],
                        name="scheduling_claim_overbooked",
                    ),
                ],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("overbooked", False)),
                        expressions=[("claimant_id", "="), ("during", "&&")],
                        name="scheduling_claim_never_twice",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "patient"), ("overbooked", True), _negated=True),
                        name="scheduling_claim_patient_never_overbooked",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("during__isempty", False)), name="scheduling_claim_not_empty"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Site",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("address", models.CharField(blank=True, max_length=300, verbose_name="address")),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="phone")),
                (
                    "time_zone",
                    models.CharField(
                        max_length=64,
                        validators=[scheduling.models.clinic.known_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("open", "Patients book"),
                            ("request", "Patients ask, the clinic approves"),
                            ("view-only", "Patients see their visits only"),
                        ],
                        default="open",
                        max_length=12,
                        verbose_name="booking",
                    ),
                ),
                (
                    "book_lead_minutes",
                    models.PositiveIntegerField(
                        default=60,
                        help_text="Minutes before a visit until which patients may book it.",
                        verbose_name="shortest notice",
                    ),
                ),
                (
                    "cancel_lead_minutes",
                    models.PositiveIntegerField(
                        default=120,
                        help_text="Minutes before a visit until which patients may move or cancel it themselves.",
                        verbose_name="notice for changes",
                    ),
                ),
                (
                    "window_days",
                    models.PositiveSmallIntegerField(
                        default=60,
                        help_text="How many days ahead patients may book.",
                        validators=[django.core.validators.MaxValueValidator(400)],
                        verbose_name="booking window",
                    ),
                ),
                (
                    "cap_per_day",
                    models.PositiveSmallIntegerField(
                        default=2, help_text="0 means no limit.", verbose_name="visits per patient and day"
                    ),
                ),
                (
                    "cap_ahead",
                    models.PositiveSmallIntegerField(
                        default=6, help_text="0 means no limit.", verbose_name="visits ahead per patient"
                    ),
                ),
                (
                    "video_link",
                    models.CharField(
                        blank=True,
                        help_text="Where video visits take place; {visit} becomes the visit's id.",
                        max_length=200,
                        validators=[django.core.validators.RegexValidator("^https://\\S+$")],
                        verbose_name="video address",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="scheduling.organisation",
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "site",
                "verbose_name_plural": "sites",
            },
        ),
        migrations.CreateModel(
            name="Resource",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=40, verbose_name="kind")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="scheduling.site", verbose_name="site"
                    ),
                ),
            ],
            options={
                "verbose_name": "room or equipment",
                "verbose_name_plural": "rooms and equipment",
            },
        ),
        migrations.CreateModel(
            name="Holiday",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("on", models.DateField(verbose_name="date")),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="scheduling.site", verbose_name="site"
                    ),
                ),
            ],
            options={
                "verbose_name": "holiday",
                "verbose_name_plural": "holidays",
            },
        ),
        migrations.CreateModel(
            name="GroupSession",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("capacity", models.PositiveSmallIntegerField()),
                (
                    "resource_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="scheduling.practitioner"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="scheduling.site"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AvailabilityException",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("on", models.DateField(verbose_name="date")),
                (
                    "effect",
                    models.CharField(
                        choices=[("adds", "Extra hours"), ("removes", "Hours that fall out")],
                        max_length=8,
                        verbose_name="effect",
                    ),
                ),
                ("starts", models.TimeField(verbose_name="from")),
                ("ends", models.TimeField(verbose_name="until")),
                (
                    "visit_type_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="visit types",
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        to="scheduling.practitioner",
                        verbose_name="clinician",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="scheduling.site", verbose_name="site"
                    ),
                ),
            ],
            options={
                "verbose_name": "exception",
                "verbose_name_plural": "exceptions",
            },
        ),
        migrations.CreateModel(
            name="VisitType",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.SlugField(max_length=60, verbose_name="code")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("description", models.CharField(blank=True, max_length=500, verbose_name="description")),
                ("preparation", models.CharField(blank=True, max_length=1000, verbose_name="preparation")),
                (
                    "speciality",
                    models.CharField(help_text="Who may give it.", max_length=40, verbose_name="speciality"),
                ),
                (
                    "resource_kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        help_text="Kinds of rooms and equipment; one of each is taken.",
                        size=None,
                        verbose_name="needs",
                    ),
                ),
                (
                    "modality",
                    models.CharField(
                        choices=[("in-person", "In person"), ("video", "By video")],
                        default="in-person",
                        max_length=10,
                        verbose_name="how",
                    ),
                ),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(720),
                        ],
                        verbose_name="length in minutes",
                    ),
                ),
                (
                    "step_minutes",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="0: one after the other.", verbose_name="starts every … minutes"
                    ),
                ),
                (
                    "buffer_before",
                    models.PositiveSmallIntegerField(default=0, verbose_name="minutes kept free before"),
                ),
                (
                    "buffer_after",
                    models.PositiveSmallIntegerField(default=0, verbose_name="minutes kept free after"),
                ),
                (
                    "capacity",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="places",
                    ),
                ),
                ("patients_may_book", models.BooleanField(default=True, verbose_name="patients may book it")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="scheduling.organisation",
                        verbose_name="organisation",
                    ),
                ),
            ],
            options={
                "verbose_name": "visit type",
                "verbose_name_plural": "visit types",
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("person_id", models.UUIDField()),
                (
                    "resource_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("wall_start", models.CharField(max_length=19)),
                ("time_zone", models.CharField(max_length=64)),
                ("held_by", models.UUIDField()),
                ("needs_approval", models.BooleanField()),
                ("claims", models.PositiveSmallIntegerField()),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "session",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="scheduling.groupsession"
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="scheduling.practitioner"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="scheduling.site"),
                ),
                (
                    "visit_type",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="scheduling.visittype"),
                ),
            ],
        ),
        migrations.AddField(
            model_name="groupsession",
            name="visit_type",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="scheduling.visittype"),
        ),
        migrations.CreateModel(
            name="Appointment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("person_id", models.UUIDField()),
                (
                    "resource_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("wall_start", models.CharField(max_length=19)),
                ("time_zone", models.CharField(max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "pending"),
                            ("booked", "booked"),
                            ("checked-in", "checked-in"),
                            ("arrived", "arrived"),
                            ("in-progress", "in-progress"),
                            ("fulfilled", "fulfilled"),
                            ("cancelled", "cancelled"),
                            ("noshow", "noshow"),
                            ("entered-in-error", "entered-in-error"),
                        ],
                        max_length=20,
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("note", models.CharField(blank=True, default="", max_length=500)),
                ("booked_by", models.UUIDField(null=True)),
                ("booked_at", models.DateTimeField()),
                ("cancelled_by", models.CharField(blank=True, default="", max_length=8)),
                ("cancel_reason", models.CharField(blank=True, default="", max_length=200)),
                ("rebook_offered", models.BooleanField(default=False)),
                ("overbooked", models.BooleanField(default=False)),
                (
                    "session",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="scheduling.groupsession"
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="scheduling.practitioner"
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="scheduling.site"),
                ),
                (
                    "visit_type",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="scheduling.visittype"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WeeklyHours",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                        ],
                        verbose_name="weekday",
                    ),
                ),
                ("starts", models.TimeField(verbose_name="from")),
                ("ends", models.TimeField(verbose_name="until")),
                (
                    "visit_type_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        blank=True,
                        default=list,
                        help_text="Empty: every visit type the clinician's specialities allow.",
                        size=None,
                        verbose_name="visit types",
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="valid from")),
                (
                    "valid_until",
                    models.DateField(
                        blank=True, help_text="The last day.", null=True, verbose_name="valid until"
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        to="scheduling.practitioner",
                        verbose_name="clinician",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="scheduling.site", verbose_name="site"
                    ),
                ),
            ],
            options={
                "verbose_name": "weekly hours",
                "verbose_name_plural": "weekly hours",
            },
        ),
        migrations.CreateModel(
            name="Closure",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("leave", "Leave"),
                            ("block", "Blocked"),
                            ("imported", "Busy in another calendar"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("source_uid", models.CharField(blank=True, default="", max_length=255)),
                ("created_by", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        to="scheduling.practitioner",
                        verbose_name="clinician",
                    ),
                ),
            ],
            options={
                "verbose_name": "time off",
                "verbose_name_plural": "time off",
                "indexes": [
                    models.Index(fields=["practitioner", "ends_at"], name="scheduling_closure_window"),
                    models.Index(
                        condition=models.Q(("source_uid", ""), _negated=True),
                        fields=["practitioner", "source_uid"],
                        name="scheduling_closure_source",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="scheduling_closure_in_order",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Seat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("capacity", models.PositiveSmallIntegerField()),
                ("owner_id", models.UUIDField()),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="scheduling.groupsession"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("session", "number"), name="scheduling_seat_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1), ("number__lte", models.F("capacity"))),
                        name="scheduling_seat_within_capacity",
                    ),
                    models.UniqueConstraint(fields=("owner_id",), name="scheduling_seat_owner"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="site",
            constraint=models.CheckConstraint(
                condition=models.Q(("mode__in", ["open", "request", "view-only"])),
                name="scheduling_site_mode",
            ),
        ),
        migrations.AddConstraint(
            model_name="holiday",
            constraint=models.UniqueConstraint(fields=("site", "on"), name="scheduling_holiday_once"),
        ),
        migrations.AddConstraint(
            model_name="availabilityexception",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends__gt", models.F("starts")), ("ends", "00:00"), _connector="OR"),
                name="scheduling_exception_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="visittype",
            constraint=models.UniqueConstraint(
                fields=("organisation", "code"), name="scheduling_visit_type_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="visittype",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes__gte", 5), ("capacity__gte", 1)),
                name="scheduling_visit_type_size",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(
                fields=("held_by", "person_id"), name="scheduling_hold_one_per_user"
            ),
        ),
        migrations.AddConstraint(
            model_name="groupsession",
            constraint=models.UniqueConstraint(
                fields=("practitioner", "starts_at", "visit_type", "site"), name="scheduling_session_once"
            ),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(fields=["person_id", "-starts_at"], name="scheduling_appt_person"),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(fields=["practitioner", "starts_at"], name="scheduling_appt_clinician"),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(fields=["site", "starts_at"], name="scheduling_appt_site"),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("status", "pending")),
                fields=["site", "booked_at"],
                name="scheduling_appt_pending",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "pending",
                            "booked",
                            "checked-in",
                            "arrived",
                            "in-progress",
                            "fulfilled",
                            "cancelled",
                            "noshow",
                            "entered-in-error",
                        ],
                    )
                ),
                name="scheduling_appointment_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "cancelled"), _negated=True),
                    ("cancelled_by__in", ["patient", "clinic"]),
                    _connector="OR",
                ),
                name="scheduling_appointment_cancelled_by",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="scheduling_appointment_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="weeklyhours",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekday__lte", 6)), name="scheduling_hours_weekday"
            ),
        ),
        migrations.AddConstraint(
            model_name="weeklyhours",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends__gt", models.F("starts")), ("ends", "00:00"), _connector="OR"),
                name="scheduling_hours_in_order",
            ),
        ),
        AppendOnly("scheduling", "AppointmentVersion"),
    ]
