"""A call-back finds its message; doubt is found; a claimed message can be superseded."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("notifications", "0006_message_life")]

    operations = [
        RemoveIndexConcurrently(
            model_name="message",
            name="notifications_about",
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state__in", ["due", "claimed", "handed", "delivered"])),
                fields=["about"],
                name="notifications_about",
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("provider_ref", ""), _negated=True),
                fields=["provider", "provider_ref"],
                name="notifications_by_reference",
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "uncertain")),
                fields=["uncertain_at"],
                name="notifications_uncertain",
            ),
        ),
    ]
