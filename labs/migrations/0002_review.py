"""Reading results: work lists, signatures, covers and critical calls. What people did only grows."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models

import steadwell.ids
from steadwell.history.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("labs", "0001_reports_and_orders"),
    ]

    operations = [
        # The exclusion of overlapping covers compares ids and times in one index.
        BtreeGistExtension(),
        migrations.CreateModel(
            name="CriticalCall",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("person_id", models.UUIDField(null=True, verbose_name="patient")),
                ("site_id", models.UUIDField(null=True, verbose_name="site")),
                ("responsible_id", models.UUIDField(null=True, verbose_name="responsible clinician")),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                (
                    "report",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labs.report",
                        verbose_name="report",
                    ),
                ),
                (
                    "result",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labs.result",
                        verbose_name="observation",
                    ),
                ),
            ],
            options={
                "verbose_name": "critical value",
                "verbose_name_plural": "critical values",
            },
        ),
        migrations.CreateModel(
            name="Away",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("practitioner_id", models.UUIDField(verbose_name="away")),
                ("to_id", models.UUIDField(verbose_name="covered by")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("made_by", models.UUIDField(verbose_name="arranged by")),
                ("made_at", models.DateTimeField(verbose_name="arranged")),
            ],
            options={
                "verbose_name": "cover while away",
                "verbose_name_plural": "covers while away",
                "indexes": [models.Index(fields=["to_id", "ends_at"], name="labs_away_to")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("practitioner_id", models.F("to_id")), _negated=True),
                        name="labs_away_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gte", models.F("starts_at"))), name="labs_away_period"
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("practitioner_id", "="),
                            (
                                models.Func(
                                    models.F("starts_at"),
                                    models.F("ends_at"),
                                    function="tstzrange",
                                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="labs_away_one_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("paged", "told"),
                            ("escalated", "not acknowledged in time"),
                            ("misread", "read back wrongly"),
                            ("acknowledged", "acknowledged"),
                            ("withdrawn", "withdrawn by a newer version"),
                        ],
                        max_length=12,
                        verbose_name="what",
                    ),
                ),
                ("level", models.PositiveSmallIntegerField(default=0, verbose_name="level")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("user_id", models.UUIDField(null=True, verbose_name="user")),
                ("read_back", models.CharField(blank=True, max_length=100, verbose_name="read back")),
                (
                    "call",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labs.criticalcall",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a critical call",
                "verbose_name_plural": "steps of critical calls",
            },
        ),
        migrations.CreateModel(
            name="FollowUp",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("person_id", models.UUIDField(verbose_name="patient")),
                ("site_id", models.UUIDField(null=True, verbose_name="site")),
                ("practitioner_id", models.UUIDField(null=True, verbose_name="clinician")),
                ("order_id", models.UUIDField(null=True, verbose_name="order")),
                ("loinc", models.CharField(blank=True, max_length=20, verbose_name="test")),
                ("what", models.CharField(max_length=200, verbose_name="what")),
                ("due_at", models.DateTimeField(verbose_name="due")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("arrived", "arrived"),
                            ("overdue", "did not arrive in time"),
                            ("settled", "settled"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("arrived_report_id", models.UUIDField(null=True)),
                ("made_by", models.UUIDField(verbose_name="ordered by")),
                ("made_at", models.DateTimeField(verbose_name="ordered")),
                (
                    "report",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labs.report",
                        verbose_name="report",
                    ),
                ),
            ],
            options={
                "verbose_name": "follow-up",
                "verbose_name_plural": "follow-ups",
            },
        ),
        migrations.CreateModel(
            name="ReportComment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("person_id", models.UUIDField(null=True, verbose_name="patient")),
                (
                    "audience",
                    models.CharField(
                        choices=[("patient", "to the patient"), ("clinic", "internal note")],
                        max_length=8,
                        verbose_name="for",
                    ),
                ),
                ("text", models.TextField(max_length=4000, verbose_name="text")),
                ("written_by", models.UUIDField(verbose_name="user")),
                ("practitioner_id", models.UUIDField(null=True, verbose_name="clinician")),
                ("written_at", models.DateTimeField(verbose_name="written")),
                (
                    "report",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labs.report",
                        verbose_name="report",
                    ),
                ),
            ],
            options={
                "verbose_name": "comment on a result",
                "verbose_name_plural": "comments on results",
            },
        ),
        migrations.CreateModel(
            name="ReviewTask",
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
                            ("review", "result to read"),
                            ("correction", "correction to acknowledge"),
                            ("follow-up", "follow-up that did not arrive"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("follow_up_id", models.UUIDField(null=True)),
                ("person_id", models.UUIDField(null=True, verbose_name="patient")),
                ("site_id", models.UUIDField(null=True, verbose_name="site")),
                ("addressee_id", models.UUIDField(null=True, verbose_name="opened for")),
                ("holder_id", models.UUIDField(null=True, verbose_name="held by")),
                ("delegated_by", models.UUIDField(null=True)),
                (
                    "rank",
                    models.PositiveSmallIntegerField(
                        choices=[(0, "critical"), (1, "abnormal"), (2, "normal")], verbose_name="rank"
                    ),
                ),
                ("corrected", models.BooleanField(default=False, verbose_name="corrected")),
                ("preliminary", models.BooleanField(default=False, verbose_name="preliminary")),
                ("in_queue", models.BooleanField(default=False, verbose_name="in the site's queue")),
                ("escalation", models.PositiveSmallIntegerField(default=0, verbose_name="escalations")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("done", "done"),
                            ("superseded", "superseded by a newer version"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                ("changed_at", models.DateTimeField(verbose_name="changed")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
                ("closed_by", models.UUIDField(null=True)),
                (
                    "report",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labs.report",
                        verbose_name="report",
                    ),
                ),
            ],
            options={
                "verbose_name": "result to read",
                "verbose_name_plural": "results to read",
            },
        ),
        migrations.CreateModel(
            name="Shift",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("site_id", models.UUIDField(verbose_name="site")),
                ("practitioner_id", models.UUIDField(verbose_name="clinician")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                ("made_by", models.UUIDField(null=True)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "shift on call",
                "verbose_name_plural": "shifts on call",
                "indexes": [models.Index(fields=["site_id", "ends_at"], name="labs_shift_now")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gte", models.F("starts_at"))), name="labs_shift_period"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Signature",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("person_id", models.UUIDField(verbose_name="patient")),
                ("signed_by", models.UUIDField(verbose_name="user")),
                ("practitioner_id", models.UUIDField(null=True, verbose_name="clinician")),
                ("signed_at", models.DateTimeField(verbose_name="signed")),
                ("in_bulk", models.BooleanField(default=False, verbose_name="in bulk")),
                ("talked", models.BooleanField(default=False, verbose_name="talked with the patient")),
                (
                    "report",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labs.report",
                        verbose_name="report",
                    ),
                ),
            ],
            options={
                "verbose_name": "signature",
                "verbose_name_plural": "signatures",
            },
        ),
        migrations.CreateModel(
            name="SiteRules",
            fields=[
                ("site_id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "normal_hours",
                    models.PositiveSmallIntegerField(
                        default=72, verbose_name="hours to read a normal result"
                    ),
                ),
                (
                    "abnormal_hours",
                    models.PositiveSmallIntegerField(
                        default=24, verbose_name="hours to read an abnormal result"
                    ),
                ),
                (
                    "critical_minutes",
                    models.PositiveSmallIntegerField(
                        default=15, verbose_name="minutes to acknowledge a critical value"
                    ),
                ),
                ("changed_by", models.UUIDField(null=True)),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "times to read results",
                "verbose_name_plural": "times to read results",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("abnormal_hours__gte", 1), ("critical_minutes__gte", 1), ("normal_hours__gte", 1)
                        ),
                        name="labs_rules_give_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TaskStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("delegated", "delegated"),
                            ("taken", "taken"),
                            ("escalated", "not read in time"),
                            ("signed", "signed"),
                            ("acknowledged", "correction acknowledged"),
                            ("followed", "follow-up settled"),
                            ("superseded", "superseded"),
                        ],
                        max_length=12,
                        verbose_name="what",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                ("by", models.UUIDField(null=True, verbose_name="by")),
                ("to_id", models.UUIDField(null=True, verbose_name="to")),
                ("level", models.PositiveSmallIntegerField(default=0, verbose_name="level")),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                (
                    "task",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labs.reviewtask",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a task",
                "verbose_name_plural": "steps of tasks",
            },
        ),
        migrations.CreateModel(
            name="Acknowledgement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("person_id", models.UUIDField(verbose_name="patient")),
                ("user_id", models.UUIDField(verbose_name="user")),
                ("practitioner_id", models.UUIDField(null=True, verbose_name="clinician")),
                ("at", models.DateTimeField(verbose_name="acknowledged")),
                (
                    "report",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labs.report",
                        verbose_name="report",
                    ),
                ),
            ],
            options={
                "verbose_name": "acknowledged correction",
                "verbose_name_plural": "acknowledged corrections",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("report", "version", "user_id"), name="labs_acknowledged_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OpenCall",
            fields=[
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="labs.criticalcall",
                    ),
                ),
                ("site_id", models.UUIDField(null=True)),
                ("responsible_id", models.UUIDField(null=True)),
                ("level", models.PositiveSmallIntegerField(default=0)),
                ("opened_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["site_id"], name="labs_open_call_site")],
            },
        ),
        migrations.AddIndex(
            model_name="criticalcall",
            index=models.Index(fields=["site_id", "opened_at"], name="labs_call_by_site"),
        ),
        migrations.AddIndex(
            model_name="criticalcall",
            index=models.Index(fields=["report"], name="labs_call_of_report"),
        ),
        migrations.AddConstraint(
            model_name="criticalcall",
            constraint=models.UniqueConstraint(fields=("result", "version"), name="labs_call_once"),
        ),
        migrations.AddIndex(
            model_name="callstep",
            index=models.Index(fields=["call", "id"], name="labs_step_of_call"),
        ),
        migrations.AddConstraint(
            model_name="callstep",
            constraint=models.UniqueConstraint(
                condition=models.Q(("act__in", ["acknowledged", "withdrawn"])),
                fields=("call",),
                name="labs_call_ends_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="callstep",
            constraint=models.UniqueConstraint(
                condition=models.Q(("act", "escalated")),
                fields=("call", "level"),
                name="labs_call_level_once",
            ),
        ),
        migrations.AddIndex(
            model_name="followup",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "overdue"])),
                fields=["person_id"],
                name="labs_follow_up_waits",
            ),
        ),
        migrations.AddIndex(
            model_name="followup",
            index=models.Index(fields=["report"], name="labs_follow_up_of_report"),
        ),
        migrations.AddIndex(
            model_name="reportcomment",
            index=models.Index(fields=["report", "id"], name="labs_comment_of_report"),
        ),
        migrations.AddConstraint(
            model_name="reportcomment",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="labs_comment_says_something"
            ),
        ),
        migrations.AddIndex(
            model_name="reviewtask",
            index=models.Index(
                models.F("holder_id"),
                models.F("rank"),
                models.OrderBy(models.F("opened_at"), descending=True),
                condition=models.Q(("state", "open")),
                name="labs_task_inbox",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewtask",
            index=models.Index(
                models.F("site_id"),
                models.F("rank"),
                models.OrderBy(models.F("opened_at"), descending=True),
                condition=models.Q(("in_queue", True), ("state", "open")),
                name="labs_task_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewtask",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["report"], name="labs_task_of_report"
            ),
        ),
        migrations.AddIndex(
            model_name="reviewtask",
            index=models.Index(
                models.F("closed_by"),
                models.OrderBy(models.F("closed_at"), descending=True),
                condition=models.Q(("state", "done")),
                name="labs_task_done",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewtask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "follow-up"), _negated=True),
                fields=("report", "version", "addressee_id"),
                name="labs_task_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewtask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "follow-up")),
                fields=("follow_up_id",),
                name="labs_task_follow_up_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewtask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("state", "open")),
                    ("closed_at__isnull", False),
                    _connector="OR",
                ),
                name="labs_task_closed_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.UniqueConstraint(fields=("report", "version"), name="labs_signed_once"),
        ),
        migrations.AddIndex(
            model_name="taskstep",
            index=models.Index(fields=["task", "id"], name="labs_step_of_task"),
        ),
        migrations.AddConstraint(
            model_name="taskstep",
            constraint=models.UniqueConstraint(
                condition=models.Q(("act", "escalated")),
                fields=("task", "level"),
                name="labs_step_level_once",
            ),
        ),
        AppendOnly("labs", "TaskStep"),
        AppendOnly("labs", "Signature"),
        AppendOnly("labs", "Acknowledgement"),
        AppendOnly("labs", "ReportComment"),
        AppendOnly("labs", "CriticalCall"),
        AppendOnly("labs", "CallStep"),
    ]
