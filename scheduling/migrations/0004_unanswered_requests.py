from __future__ import annotations

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0003_claims_of_merged_patients"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="lapsed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="overdue_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="site",
            name="answer_hours",
            field=models.PositiveSmallIntegerField(
                db_default=8,
                default=8,
                help_text="Working hours within which requests are answered; the desk is reminded after that.",
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="time to answer",
            ),
        ),
        migrations.AddField(
            model_name="site",
            name="answer_lead_minutes",
            field=models.PositiveIntegerField(
                db_default=120,
                default=120,
                help_text="Minutes before a visit at which a request without an answer ends by itself.",
                verbose_name="last moment to answer",
            ),
        ),
    ]
