"""Who carries messages, how they do, what they report, devices, and calls to make."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import steadwell.ids
from steadwell.history.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("notifications", "0007_message_indexes")]

    operations = [
        migrations.CreateModel(
            name="DeliveryReport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("provider", models.CharField(max_length=60)),
                ("body", models.TextField()),
                ("digest", models.BinaryField()),
                ("received_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ProviderAccount",
            fields=[
                (
                    "code",
                    models.CharField(
                        max_length=40, primary_key=True, serialize=False, verbose_name="provider"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("in-app", "in the portal"),
                            ("email", "e-mail"),
                            ("sms", "text message"),
                            ("push", "notice on a device"),
                            ("voice", "call by staff"),
                        ],
                        max_length=10,
                        verbose_name="channel",
                    ),
                ),
                ("weight", models.PositiveSmallIntegerField(default=50, verbose_name="weight")),
                (
                    "switch",
                    models.CharField(
                        choices=[("auto", "on while it is well"), ("off", "switched off by staff")],
                        default="auto",
                        max_length=5,
                        verbose_name="switch",
                    ),
                ),
                ("switched_at", models.DateTimeField(null=True, verbose_name="switched")),
                ("switched_by", models.UUIDField(null=True, verbose_name="by")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                (
                    "breaker",
                    models.CharField(
                        choices=[
                            ("closed", "takes messages"),
                            ("open", "left alone"),
                            ("probing", "being tried"),
                        ],
                        default="closed",
                        max_length=8,
                        verbose_name="breaker",
                    ),
                ),
                ("cause", models.CharField(blank=True, max_length=60, verbose_name="cause")),
                ("changed_at", models.DateTimeField(null=True, verbose_name="since")),
                ("probe_at", models.DateTimeField(null=True, verbose_name="tried again")),
            ],
            options={
                "verbose_name": "provider",
                "verbose_name_plural": "providers",
            },
        ),
        migrations.CreateModel(
            name="ProviderChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("what", models.CharField(max_length=12, verbose_name="what")),
                ("cause", models.CharField(blank=True, max_length=500, verbose_name="cause")),
                ("by", models.UUIDField(null=True, verbose_name="by")),
                ("at", models.DateTimeField(verbose_name="when")),
            ],
        ),
        migrations.CreateModel(
            name="ProviderWindow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("second", models.BigIntegerField()),
                ("granted", models.PositiveIntegerField(db_default=0, default=0)),
                ("last_grant", models.PositiveIntegerField(db_default=0, default=0)),
                ("passed", models.PositiveIntegerField(db_default=0, default=0)),
                ("failed", models.PositiveIntegerField(db_default=0, default=0)),
                ("slow", models.PositiveIntegerField(db_default=0, default=0)),
                ("reported", models.PositiveIntegerField(db_default=0, default=0)),
                ("milliseconds", models.PositiveBigIntegerField(db_default=0, default=0)),
            ],
        ),
        migrations.CreateModel(
            name="PushSubscription",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reader_id", models.UUIDField()),
                ("endpoint", models.URLField(max_length=1000)),
                ("public_key", models.CharField(max_length=120)),
                ("auth", models.CharField(max_length=40)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("cause", models.CharField(blank=True, max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name="StaffCall",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="notifications.message",
                    ),
                ),
                ("site_id", models.UUIDField(null=True, verbose_name="site")),
                ("urgency", models.CharField(max_length=10, verbose_name="urgency")),
                ("opened_at", models.DateTimeField(verbose_name="since")),
                ("taken_by", models.UUIDField(null=True, verbose_name="taken by")),
                ("taken_at", models.DateTimeField(null=True, verbose_name="taken")),
                ("tries", models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="tries")),
                ("again_at", models.DateTimeField(null=True, verbose_name="again")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("reached", "told in person"),
                            ("voicemail", "asked to call back, on their machine"),
                            ("unreachable", "could not be reached"),
                            ("not-needed", "no longer needed"),
                        ],
                        max_length=12,
                        verbose_name="outcome",
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
                ("closed_by", models.UUIDField(null=True)),
            ],
            options={
                "verbose_name": "call to make",
                "verbose_name_plural": "calls to make",
            },
        ),
        migrations.AddConstraint(
            model_name="deliveryreport",
            constraint=models.UniqueConstraint(fields=("digest",), name="notifications_report_once"),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("switch", "auto"),
                    models.Q(("switched_by__isnull", False), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="notifications_switched_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="provideraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("breaker", "closed"), ("probe_at__isnull", False), _connector="OR"),
                name="notifications_open_is_tried",
            ),
        ),
        migrations.AddField(
            model_name="providerchange",
            name="provider",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="notifications.provideraccount",
            ),
        ),
        migrations.AddField(
            model_name="providerwindow",
            name="provider",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="notifications.provideraccount",
            ),
        ),
        migrations.AddIndex(
            model_name="pushsubscription",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)),
                fields=["reader_id"],
                name="notifications_devices",
            ),
        ),
        migrations.AddConstraint(
            model_name="pushsubscription",
            constraint=models.UniqueConstraint(fields=("endpoint",), name="notifications_one_subscription"),
        ),
        migrations.AddIndex(
            model_name="staffcall",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["opened_at"],
                name="notifications_calls",
            ),
        ),
        migrations.AddConstraint(
            model_name="staffcall",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("outcome", "")),
                    models.Q(
                        ("closed_at__isnull", False),
                        ("closed_by__isnull", False),
                        models.Q(("outcome", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="notifications_call_ended_somehow",
            ),
        ),
        migrations.AddIndex(
            model_name="providerchange",
            index=models.Index(fields=["provider", "-id"], name="notifications_changes"),
        ),
        migrations.AddConstraint(
            model_name="providerwindow",
            constraint=models.UniqueConstraint(
                fields=("provider", "second"), name="notifications_one_window"
            ),
        ),
        AppendOnly("notifications", "ProviderChange"),
        AppendOnly("notifications", "DeliveryReport"),
    ]
