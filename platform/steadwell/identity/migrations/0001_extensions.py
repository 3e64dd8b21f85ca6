"""What the patient search is built on: trigrams and sounds of words, and the counter of clinic record numbers."""

from __future__ import annotations

from django.contrib.postgres.operations import CreateExtension
from django.db import migrations


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        CreateExtension("pg_trgm"),
        CreateExtension("fuzzystrmatch"),
        # Seven digits and a check digit; numbers are never used twice, so gaps are as good as any other number.
        migrations.RunSQL(
            "CREATE SEQUENCE identity_person_number START 1000001", "DROP SEQUENCE identity_person_number"
        ),
    ]
