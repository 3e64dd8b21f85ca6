from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("medications", "0004_statements_of_a_site")]
    operations = [
        AddIndexConcurrently(
            model_name="refill",
            index=models.Index(fields=["site_id"], name="medications_refill_site"),
        ),
    ]
