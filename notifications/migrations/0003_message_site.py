"""A message knows the clinic it is about: only its staff see that it did not arrive."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_append_only")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="site_id",
            field=models.UUIDField(null=True, verbose_name="site"),
        ),
    ]
