import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import steadwell.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ReminderChoice",
            fields=[
                ("person_id", models.UUIDField(primary_key=True, serialize=False)),
                (
                    "minutes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), size=None
                    ),
                ),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.CharField(max_length=200)),
                ("token", models.CharField(max_length=32, null=True)),
                ("person_id", models.UUIDField(verbose_name="patient")),
                ("reader_id", models.UUIDField(null=True, verbose_name="reader")),
                (
                    "channel",
                    models.CharField(
                        choices=[("in-app", "in the portal"), ("email", "e-mail")],
                        max_length=10,
                        verbose_name="channel",
                    ),
                ),
                ("template", models.CharField(max_length=60, verbose_name="template")),
                ("template_version", models.PositiveSmallIntegerField()),
                ("params", models.JSONField(default=dict)),
                ("calendar", models.TextField(blank=True)),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                ("urgency", models.CharField(max_length=10, verbose_name="urgency")),
                ("about", models.UUIDField(null=True, verbose_name="about")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("due", "due"),
                            ("handed", "handed over"),
                            ("accepted", "accepted by the provider"),
                            ("delivered", "delivered"),
                            ("read", "read"),
                            ("failed", "failed"),
                            ("expired", "expired"),
                            ("superseded", "superseded"),
                        ],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("told_at", models.DateTimeField(verbose_name="told")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="expires")),
                ("handed_at", models.DateTimeField(null=True, verbose_name="handed over")),
                ("accepted_at", models.DateTimeField(null=True, verbose_name="accepted")),
                ("delivered_at", models.DateTimeField(null=True, verbose_name="delivered")),
                ("read_at", models.DateTimeField(null=True, verbose_name="read")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                ("cause", models.CharField(blank=True, max_length=60, verbose_name="cause")),
                ("provider", models.CharField(blank=True, max_length=60, verbose_name="provider")),
                ("uncertain", models.BooleanField(default=False, verbose_name="may have gone out twice")),
                ("address", models.CharField(blank=True, max_length=254, verbose_name="address")),
                ("settled_at", models.DateTimeField(null=True, verbose_name="settled by staff")),
                ("settled_by", models.UUIDField(null=True)),
                (
                    "notice",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="notifications.message",
                    ),
                ),
            ],
            options={
                "verbose_name": "message",
                "verbose_name_plural": "messages",
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("channel", "in-app"), models.Q(("state", "superseded"), _negated=True)
                        ),
                        fields=["person_id", "-id"],
                        name="notifications_inbox",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["due", "handed", "delivered"])),
                        fields=["about"],
                        name="notifications_about",
                    ),
                    models.Index(
                        condition=models.Q(("notice__isnull", False)),
                        fields=["notice"],
                        name="notifications_of_notice",
                    ),
                    models.Index(
                        condition=models.Q(("settled_at__isnull", True), ("state", "failed")),
                        fields=["-ended_at"],
                        name="notifications_untold",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("key", "channel", "reader_id"),
                        name="notifications_told_once",
                        nulls_distinct=False,
                    ),
                    models.UniqueConstraint(fields=("token",), name="notifications_token_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("channel", "in-app"), ("notice__isnull", True), ("token__isnull", False)
                            ),
                            models.Q(models.Q(("channel", "in-app"), _negated=True), ("token__isnull", True)),
                            _connector="OR",
                        ),
                        name="notifications_notice_has_token",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DemoMail",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("address", models.CharField(max_length=254)),
                ("subject", models.CharField(max_length=200)),
                ("text", models.TextField()),
                ("html", models.TextField()),
                ("calendar", models.TextField(blank=True)),
                ("headers", models.JSONField(default=dict)),
                ("sent_at", models.DateTimeField()),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="notifications.message",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["address", "-id"], name="notifications_demo_mailbox")],
                "constraints": [
                    models.UniqueConstraint(fields=("message",), name="notifications_demo_mail_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="attempt")),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("began", "began"),
                            ("accepted", "accepted"),
                            ("refused", "refused"),
                            ("unreached", "not reached"),
                            ("unsure", "may have been taken"),
                        ],
                        max_length=10,
                        verbose_name="step",
                    ),
                ),
                ("provider", models.CharField(max_length=60, verbose_name="provider")),
                ("cause", models.CharField(blank=True, max_length=60, verbose_name="cause")),
                ("uncertain", models.BooleanField(default=False, verbose_name="may repeat an earlier one")),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="notifications.message",
                    ),
                ),
            ],
            options={
                "verbose_name": "attempt",
                "verbose_name_plural": "attempts",
                "indexes": [models.Index(fields=["message", "id"], name="notifications_attempts")],
            },
        ),
        migrations.CreateModel(
            name="ReaderChoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("person_id", models.UUIDField()),
                ("reader_id", models.UUIDField()),
                ("kind", models.CharField(max_length=20)),
                ("email", models.BooleanField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("person_id", "reader_id", "kind"), name="notifications_one_choice"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("user_id", models.UUIDField()),
                ("read_at", models.DateTimeField()),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="notifications.message",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("message", "user_id"), name="notifications_read_once")
                ],
            },
        ),
    ]
