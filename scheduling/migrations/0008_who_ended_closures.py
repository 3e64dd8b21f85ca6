from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0007_calendars_as_sources"),
    ]

    operations = [
        migrations.AddField(
            model_name="closure",
            name="ended_by",
            field=models.UUIDField(null=True),
        ),
    ]
