from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("medications", "0003_reminders_keep_versions")]
    operations = [
        AddIndexConcurrently(
            model_name="statement",
            index=models.Index(
                condition=models.Q(("site_id__isnull", False)),
                fields=["site_id"],
                name="medications_statement_site",
            ),
        ),
    ]
