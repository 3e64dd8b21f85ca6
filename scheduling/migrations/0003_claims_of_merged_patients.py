from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0002_renew_stamp"),
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
                    ("alias", "Alias"),
                    ("closure", "Closure"),
                    ("tile", "Tile"),
                ],
                max_length=12,
            ),
        ),
    ]
