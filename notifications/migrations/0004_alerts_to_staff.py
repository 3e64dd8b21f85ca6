"""An alert to staff has a reader and is about no patient."""

from __future__ import annotations

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_message_site")]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="person_id",
            field=models.UUIDField(null=True, verbose_name="patient"),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=Q(person_id__isnull=False) | Q(reader_id__isnull=False, channel="email"),
                name="notifications_for_somebody",
            ),
        ),
    ]
