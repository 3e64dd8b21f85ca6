from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="OutboxAudience",
            fields=[
                ("consumer", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("rests", models.BooleanField()),
                ("changed_at", models.DateTimeField()),
            ],
        ),
    ]
