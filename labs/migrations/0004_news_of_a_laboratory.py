"""How far back a laboratory may date a result that its patient is still written to about."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labs", "0003_release")]

    operations = [
        migrations.AddField(
            model_name="labsender",
            name="told_within_days",
            field=models.PositiveSmallIntegerField(
                db_default=30,
                default=30,
                help_text="Patients are not written to about a result that the laboratory dates further back.",
                verbose_name="days in which a result is news",
            ),
        )
    ]
