from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("scheduling", "0004_unanswered_requests")]
    operations = [
        AddIndexConcurrently(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("lapsed_at__isnull", False)),
                fields=["site", "lapsed_at"],
                name="scheduling_appt_lapsed",
            ),
        ),
    ]
