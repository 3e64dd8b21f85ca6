from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0006_requested_moves"),
    ]

    operations = [
        migrations.AddField(
            model_name="closure",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="closure",
            name="source",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
    ]
