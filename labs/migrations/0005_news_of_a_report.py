"""Which version of a report was the last that changed what its readers see."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labs", "0004_news_of_a_laboratory")]

    operations = [
        migrations.AddField(
            model_name="report", name="changed_version", field=models.PositiveIntegerField(null=True)
        )
    ]
