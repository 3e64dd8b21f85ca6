from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import steadwell.ids


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0005_index_of_lapsed_requests"),
    ]

    operations = [
        migrations.AlterField(
            model_name="claim",
            name="kind",
            field=models.CharField(
                choices=[
                    ("practitioner", "Practitioner"),
                    ("resource", "Resource"),
                    ("patient", "Patient"),
                    ("move", "Move"),
                    ("alias", "Alias"),
                    ("closure", "Closure"),
                    ("tile", "Tile"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="MoveRequest",
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
                ("busy_from", models.DateTimeField()),
                ("busy_until", models.DateTimeField()),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                            ("withdrawn", "Withdrawn"),
                            ("lapsed", "Lapsed"),
                            ("ended", "Ended"),
                        ],
                        max_length=10,
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                ("overdue_at", models.DateTimeField(null=True)),
                (
                    "appointment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="scheduling.appointment"
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="scheduling.practitioner"
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, to="scheduling.groupsession"
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
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["site", "starts_at"],
                        name="scheduling_move_request_open",
                    ),
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["practitioner", "starts_at"],
                        name="scheduling_move_request_of",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("appointment",),
                        name="scheduling_move_request_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["open", "approved", "declined", "withdrawn", "lapsed", "ended"])
                        ),
                        name="scheduling_move_request_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("state", "open")),
                            models.Q(
                                models.Q(("state", "open"), _negated=True), ("closed_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="scheduling_move_request_closed",
                    ),
                ],
            },
        ),
    ]
