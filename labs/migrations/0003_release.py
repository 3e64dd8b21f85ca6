from datetime import UTC, datetime
from uuid import UUID

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import steadwell.ids
from steadwell.history.operations import AppendOnly

# What a patient's own choice means until the clinic says otherwise. Rows like any other: a manager changes
# them in the admin.
CHOICES = (
    (
        UUID("0193b0a0-0000-7000-8000-000000000001"), "after-seen", "until-signed", 14 * 24,
        "The patient asked to see results after a clinician has.",
        {
            "en": "You asked to see results after your clinician has seen them. You will see this one then,"
            " and on {until} at the latest.",
            "es": "Usted pidió ver los resultados después de que los vea su profesional. Entonces verá este,"
            " a más tardar el {until}.",
        },
    ),
    (
        UUID("0193b0a0-0000-7000-8000-000000000002"), "after-talk", "until-talked", 30 * 24,
        "The patient asked to see results after talking about them.",
        {
            "en": "You asked to see results after you have talked with your clinician. You will see this one"
            " then, and on {until} at the latest.",
            "es": "Usted pidió ver los resultados después de hablar con su profesional. Entonces verá este,"
            " a más tardar el {until}.",
        },
    ),
)  # fmt: skip


def add_choices(apps, schema_editor):
    rules = apps.get_model("labs", "ReleaseRule").objects
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for entity_id, choice, delay, longest, reason, words in CHOICES:
        rules.create(
            entity_id=entity_id, version=1, valid_from=began, recorded_at=began, recorded_role="system",
            source="shipped", on_choice=choice, delay=delay, longest_hours=longest,
            legal="45 CFR 171.202(e)", legal_text=reason, words=words,
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("labs", "0002_review"),
    ]

    operations = [
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "report",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="labs.report",
                    ),
                ),
                ("person_id", models.UUIDField()),
                ("site_id", models.UUIDField(null=True)),
                ("opened_at", models.DateTimeField()),
                ("final_at", models.DateTimeField(null=True)),
                (
                    "decided",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(blank=True, max_length=12), default=list, size=None
                    ),
                ),
                ("decided_version", models.PositiveIntegerField()),
                ("released_at", models.DateTimeField(null=True)),
                ("rounds", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name": "release",
                "verbose_name_plural": "releases",
                "indexes": [
                    models.Index(
                        models.F("person_id"),
                        models.OrderBy(models.F("released_at"), descending=True),
                        condition=models.Q(("released_at__isnull", False)),
                        name="labs_released",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleaseChoice",
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
                (
                    "choice",
                    models.CharField(
                        choices=[
                            ("at-once", "at-once"),
                            ("after-seen", "after-seen"),
                            ("after-talk", "after-talk"),
                        ],
                        max_length=12,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity_id", "version"), name="labs_releasechoice_version"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="labs_releasechoice_from_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("supersedes__isnull", True),
                            ("supersedes__lt", models.F("version")),
                            _connector="OR",
                        ),
                        name="labs_releasechoice_supersedes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True),
                            ("valid_to__gt", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="labs_releasechoice_valid_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleaseDefault",
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
                (
                    "choice",
                    models.CharField(
                        choices=[
                            ("at-once", "at-once"),
                            ("after-seen", "after-seen"),
                            ("after-talk", "after-talk"),
                        ],
                        max_length=12,
                        verbose_name="shown",
                    ),
                ),
                (
                    "legal",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("45 CFR 171.103(a)(1)", "45 CFR 171.103(a)(1)"),
                            ("45 CFR 171.201", "45 CFR 171.201"),
                            ("45 CFR 171.202(b)", "45 CFR 171.202(b)"),
                            ("45 CFR 171.202(d)", "45 CFR 171.202(d)"),
                            ("45 CFR 171.202(e)", "45 CFR 171.202(e)"),
                            ("45 CFR 171.203", "45 CFR 171.203"),
                            ("45 CFR 171.204", "45 CFR 171.204"),
                        ],
                        max_length=24,
                        verbose_name="legal reason",
                    ),
                ),
            ],
            options={
                "verbose_name": "when results are shown",
                "verbose_name_plural": "when results are shown",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("entity_id", "version"), name="labs_releasedefault_version"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="labs_releasedefault_from_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("supersedes__isnull", True),
                            ("supersedes__lt", models.F("version")),
                            _connector="OR",
                        ),
                        name="labs_releasedefault_supersedes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True),
                            ("valid_to__gt", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="labs_releasedefault_valid_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("choice", "at-once"), models.Q(("legal", ""), _negated=True), _connector="OR"
                        ),
                        name="labs_default_legal",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleaseRule",
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
                ("loinc", models.CharField(blank=True, max_length=12, verbose_name="LOINC")),
                ("site_id", models.UUIDField(null=True, verbose_name="site")),
                ("age_from", models.PositiveSmallIntegerField(null=True, verbose_name="from age")),
                ("age_until", models.PositiveSmallIntegerField(null=True, verbose_name="until age")),
                (
                    "on_choice",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("at-once", "at-once"),
                            ("after-seen", "after-seen"),
                            ("after-talk", "after-talk"),
                        ],
                        max_length=12,
                        verbose_name="when the patient chose",
                    ),
                ),
                (
                    "delay",
                    models.CharField(
                        choices=[
                            ("none", "none"),
                            ("until-signed", "until-signed"),
                            ("until-talked", "until-talked"),
                            ("hours-after-final", "hours-after-final"),
                            ("hidden-from-proxies", "hidden-from-proxies"),
                        ],
                        max_length=20,
                        verbose_name="held",
                    ),
                ),
                ("hours", models.PositiveIntegerField(default=0, verbose_name="hours")),
                ("longest_hours", models.PositiveIntegerField(default=0, verbose_name="at most hours")),
                (
                    "legal",
                    models.CharField(
                        choices=[
                            ("45 CFR 171.103(a)(1)", "45 CFR 171.103(a)(1)"),
                            ("45 CFR 171.201", "45 CFR 171.201"),
                            ("45 CFR 171.202(b)", "45 CFR 171.202(b)"),
                            ("45 CFR 171.202(d)", "45 CFR 171.202(d)"),
                            ("45 CFR 171.202(e)", "45 CFR 171.202(e)"),
                            ("45 CFR 171.203", "45 CFR 171.203"),
                            ("45 CFR 171.204", "45 CFR 171.204"),
                        ],
                        max_length=24,
                        verbose_name="legal reason",
                    ),
                ),
                ("legal_text", models.CharField(max_length=500, verbose_name="reason in words")),
                ("words", models.JSONField(default=dict, verbose_name="words for the patient")),
            ],
            options={
                "verbose_name": "release rule",
                "verbose_name_plural": "release rules",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("entity_id", "version"), name="labs_releaserule_version"),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="labs_releaserule_from_one"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("supersedes__isnull", True),
                            ("supersedes__lt", models.F("version")),
                            _connector="OR",
                        ),
                        name="labs_releaserule_supersedes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to__isnull", True),
                            ("valid_to__gt", models.F("valid_from")),
                            _connector="OR",
                        ),
                        name="labs_releaserule_valid_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("delay", "none"), ("longest_hours__gte", 1), _connector="OR"),
                        name="labs_rule_ends",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("delay", "hidden-from-proxies"), _negated=True),
                            ("age_until__isnull", False),
                            _connector="OR",
                        ),
                        name="labs_rule_age_ends",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("age_from__isnull", True),
                            ("age_until__isnull", True),
                            ("age_from__lt", models.F("age_until")),
                            _connector="OR",
                        ),
                        name="labs_rule_ages",
                    ),
                ],
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
                ("person_id", models.UUIDField(verbose_name="patient")),
                ("loinc", models.CharField(blank=True, max_length=12, verbose_name="LOINC")),
                (
                    "audience",
                    models.CharField(
                        choices=[("everyone", "everyone"), ("proxies", "proxies")],
                        max_length=10,
                        verbose_name="held from",
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[("rule", "rule"), ("choice", "choice")],
                        max_length=10,
                        verbose_name="because of",
                    ),
                ),
                ("rule_id", models.UUIDField()),
                ("rule_version", models.PositiveIntegerField()),
                (
                    "delay",
                    models.CharField(
                        choices=[
                            ("none", "none"),
                            ("until-signed", "until-signed"),
                            ("until-talked", "until-talked"),
                            ("hours-after-final", "hours-after-final"),
                            ("hidden-from-proxies", "hidden-from-proxies"),
                        ],
                        max_length=20,
                        verbose_name="until",
                    ),
                ),
                ("hours", models.PositiveIntegerField(default=0)),
                (
                    "legal",
                    models.CharField(
                        choices=[
                            ("45 CFR 171.103(a)(1)", "45 CFR 171.103(a)(1)"),
                            ("45 CFR 171.201", "45 CFR 171.201"),
                            ("45 CFR 171.202(b)", "45 CFR 171.202(b)"),
                            ("45 CFR 171.202(d)", "45 CFR 171.202(d)"),
                            ("45 CFR 171.202(e)", "45 CFR 171.202(e)"),
                            ("45 CFR 171.203", "45 CFR 171.203"),
                            ("45 CFR 171.204", "45 CFR 171.204"),
                        ],
                        max_length=24,
                        verbose_name="legal reason",
                    ),
                ),
                ("legal_text", models.CharField(max_length=500, verbose_name="reason in words")),
                ("words", models.JSONField(default=dict)),
                ("opened_at", models.DateTimeField(verbose_name="since")),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="ends by itself")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "ended_how",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("time", "its time was over"),
                            ("signed", "a clinician had seen it"),
                            ("talked", "clinician and patient had talked"),
                            ("early", "a clinician released it"),
                            ("asked", "the patient asked to see it"),
                            ("rule", "the rule was withdrawn"),
                        ],
                        max_length=10,
                        verbose_name="ended because",
                    ),
                ),
                ("ended_by", models.UUIDField(null=True)),
                (
                    "report",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labs.report",
                    ),
                ),
            ],
            options={
                "verbose_name": "held result",
                "verbose_name_plural": "held results",
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=["rule_id", "ends_at"],
                        name="labs_hold_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("report", "person_id", "loinc", "audience", "cause"), name="labs_hold_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="labs_hold_ends"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("ended_how", "")),
                            models.Q(("ended_at__isnull", False), models.Q(("ended_how", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="labs_hold_ended_how",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Opening",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("user_id", models.UUIDField()),
                ("version", models.PositiveIntegerField()),
                ("opened_at", models.DateTimeField()),
                (
                    "report",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labs.report",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("report", "user_id"), name="labs_opened_once")
                ],
            },
        ),
        AppendOnly("labs", "ReleaseRule"),
        AppendOnly("labs", "ReleaseDefault"),
        AppendOnly("labs", "ReleaseChoice"),
        migrations.RunPython(add_choices, migrations.RunPython.noop),
    ]
