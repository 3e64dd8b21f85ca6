"""Messages as they came, who may send them, and what became of them."""

from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import fhir_facade.hl7v2.models
import steadwell.ids
from steadwell.history.operations import AppendOnly


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Hl7Sender",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.SlugField(max_length=60, unique=True, verbose_name="name")),
                ("active", models.BooleanField(default=True, verbose_name="may send")),
                (
                    "networks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        help_text="Addresses or networks, such as 10.20.0.0/16, separated by commas.",
                        size=None,
                        verbose_name="networks",
                    ),
                ),
                (
                    "certificates",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=300),
                        blank=True,
                        default=list,
                        help_text="SHA-256 fingerprints, or subjects such as CN=lab.example, separated by semicolons.",
                        size=None,
                        verbose_name="client certificates",
                    ),
                ),
                (
                    "message_types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16),
                        default=list,
                        help_text="What it may send, such as ORU^R01, separated by commas.",
                        size=None,
                        verbose_name="message types",
                    ),
                ),
                (
                    "applications",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=500),
                        blank=True,
                        default=list,
                        help_text="MSH-3 and MSH-4 as application|facility, either may be *. Empty: any.",
                        size=None,
                        verbose_name="applications",
                    ),
                ),
                (
                    "processing",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=1),
                        default=fhir_facade.hl7v2.models._production,
                        help_text="MSH-11: P production, T training, D debugging.",
                        size=None,
                        verbose_name="processing ids",
                    ),
                ),
                ("site_id", models.UUIDField(blank=True, null=True, verbose_name="clinic")),
                (
                    "time_zone",
                    models.CharField(
                        default="UTC",
                        help_text="Of times that it sends without an offset.",
                        max_length=60,
                        verbose_name="time zone",
                    ),
                ),
                (
                    "connections",
                    models.PositiveSmallIntegerField(default=8, verbose_name="connections at once"),
                ),
                ("created_at", models.DateTimeField(verbose_name="registered")),
                ("changed_at", models.DateTimeField(verbose_name="changed")),
            ],
            options={
                "verbose_name": "HL7 sender",
                "verbose_name_plural": "HL7 senders",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("active", False),
                            models.Q(("networks", []), _negated=True),
                            models.Q(("certificates", []), _negated=True),
                            _connector="OR",
                        ),
                        name="hl7_sender_is_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Hl7Message",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("control_id", models.CharField(blank=True, max_length=199, verbose_name="control id")),
                ("kind", models.CharField(blank=True, max_length=40, verbose_name="type")),
                ("sha256", models.BinaryField()),
                ("body", models.BinaryField()),
                ("critical", models.BooleanField(default=False, verbose_name="critical")),
                ("reused", models.BooleanField(default=False)),
                (
                    "origin",
                    models.CharField(
                        choices=[("mllp", "received"), ("correction", "corrected by staff")],
                        default="mllp",
                        max_length=12,
                        verbose_name="origin",
                    ),
                ),
                ("received_at", models.DateTimeField(verbose_name="received")),
                ("recorded_by", models.UUIDField(null=True)),
                (
                    "corrects",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="fhir_facade.hl7message",
                    ),
                ),
                (
                    "sender",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="fhir_facade.hl7sender",
                        verbose_name="sender",
                    ),
                ),
            ],
            options={
                "verbose_name": "HL7 message",
                "verbose_name_plural": "HL7 messages",
            },
        ),
        migrations.CreateModel(
            name="Hl7Outcome",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("outcome", models.CharField(max_length=12, verbose_name="outcome")),
                (
                    "report_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                (
                    "quarantined",
                    models.PositiveIntegerField(default=0, verbose_name="observations set aside"),
                ),
                ("read_at", models.DateTimeField(verbose_name="read")),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="fhir_facade.hl7message",
                    ),
                ),
            ],
            options={
                "verbose_name": "HL7 outcome",
                "verbose_name_plural": "HL7 outcomes",
                "indexes": [models.Index(fields=["message", "id"], name="hl7_outcome_of")],
            },
        ),
        migrations.CreateModel(
            name="Hl7Quarantine",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reason", models.CharField(max_length=60, verbose_name="reason")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "waits for a person"),
                            ("replayed", "read again"),
                            ("corrected", "corrected and read"),
                            ("settled", "settled without reading"),
                        ],
                        default="open",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("opened_at", models.DateTimeField(verbose_name="since")),
                ("settled_at", models.DateTimeField(null=True, verbose_name="settled")),
                ("settled_by", models.UUIDField(null=True)),
                ("note", models.CharField(blank=True, max_length=500, verbose_name="note")),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="fhir_facade.hl7message",
                    ),
                ),
            ],
            options={
                "verbose_name": "HL7 message set aside",
                "verbose_name_plural": "HL7 messages set aside",
                "indexes": [models.Index(fields=["message", "opened_at"], name="hl7_quarantine_of")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("message",),
                        name="hl7_quarantine_open_once",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="hl7message",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="hl7_message_corrects",
            ),
        ),
        migrations.AddIndex(
            model_name="hl7message",
            index=models.Index(fields=["received_at"], name="hl7_message_received"),
        ),
        migrations.AddConstraint(
            model_name="hl7message",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("origin", "mllp"), ("reused", False), models.Q(("control_id", ""), _negated=True)
                ),
                fields=("sender", "control_id"),
                name="hl7_message_control_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="hl7message",
            constraint=models.UniqueConstraint(
                condition=models.Q(("origin", "mllp")),
                fields=("sender", "control_id", "sha256"),
                name="hl7_message_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="hl7message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("corrects__isnull", True), ("origin", "mllp")),
                    models.Q(("corrects__isnull", False), ("origin", "correction")),
                    _connector="OR",
                ),
                name="hl7_message_origin",
            ),
        ),
        # What was received and what was read of it are evidence: nobody changes them.
        AppendOnly("fhir_facade", "Hl7Message"),
        AppendOnly("fhir_facade", "Hl7Outcome"),
    ]
