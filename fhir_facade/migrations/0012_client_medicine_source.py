"""Whose word medicines are that a client sends."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fhir_facade", "0011_exports")]

    operations = [
        migrations.AddField(
            model_name="client",
            name="medicine_source",
            field=models.CharField(
                choices=[
                    ("ehr-a", "first record system"),
                    ("ehr-b", "second record system"),
                    ("pharmacy", "pharmacy"),
                ],
                db_default="ehr-a",
                default="ehr-a",
                max_length=12,
                verbose_name="source of medicines",
            ),
        ),
    ]
