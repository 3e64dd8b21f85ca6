"""Two reports that may be one: the question to a person, and its answer."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import steadwell.ids


class Migration(migrations.Migration):
    dependencies = [("labs", "0005_news_of_a_report")]

    operations = [
        migrations.CreateModel(
            name="MaybeSame",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=steadwell.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "waiting"),
                            ("apart", "two reports"),
                            ("one", "one report, sent twice"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("opened_at", models.DateTimeField(verbose_name="since")),
                ("settled_at", models.DateTimeField(null=True, verbose_name="settled")),
                ("settled_by", models.UUIDField(null=True)),
                ("withdrawn_id", models.UUIDField(null=True)),
                (
                    "other",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="labs.report",
                    ),
                ),
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
                "verbose_name": "report that may be another",
                "verbose_name_plural": "reports that may be others",
                "indexes": [models.Index(fields=["other"], name="labs_maybesame_of_other")],
                "constraints": [
                    models.UniqueConstraint(fields=("report", "other"), name="labs_maybesame_once")
                ],
            },
        ),
    ]
