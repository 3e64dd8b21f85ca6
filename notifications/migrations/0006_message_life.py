"""A message knows each step of its life, and channels beside mail."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0005_only_patient")]

    operations = [
        migrations.RemoveConstraint(
            model_name="message",
            name="notifications_for_somebody",
        ),
        migrations.AddField(
            model_name="demomail",
            name="channel",
            field=models.CharField(
                choices=[
                    ("in-app", "in the portal"),
                    ("email", "e-mail"),
                    ("sms", "text message"),
                    ("push", "notice on a device"),
                    ("voice", "call by staff"),
                ],
                db_default="email",
                default="email",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="claimed_at",
            field=models.DateTimeField(null=True, verbose_name="claimed"),
        ),
        migrations.AddField(
            model_name="message",
            name="fallback_of",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="notifications.message",
                verbose_name="in place of",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="not_before",
            field=models.DateTimeField(null=True, verbose_name="not before"),
        ),
        migrations.AddField(
            model_name="message",
            name="provider_ref",
            field=models.CharField(
                blank=True, db_default="", max_length=120, verbose_name="provider's reference"
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="uncertain_at",
            field=models.DateTimeField(null=True, verbose_name="uncertain since"),
        ),
        migrations.AlterField(
            model_name="attempt",
            name="step",
            field=models.CharField(
                choices=[
                    ("began", "began"),
                    ("accepted", "accepted"),
                    ("refused", "refused"),
                    ("unreached", "not reached"),
                    ("unsure", "may have been taken"),
                    ("asked", "its provider was asked about it"),
                    ("delivered", "delivered, says the provider"),
                    ("read", "read"),
                    ("bounced", "not delivered, says the provider"),
                    ("expired", "too late"),
                    ("replayed", "sent again by staff"),
                ],
                max_length=10,
                verbose_name="step",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="channel",
            field=models.CharField(
                choices=[
                    ("in-app", "in the portal"),
                    ("email", "e-mail"),
                    ("sms", "text message"),
                    ("push", "notice on a device"),
                    ("voice", "call by staff"),
                ],
                max_length=10,
                verbose_name="channel",
            ),
        ),
        migrations.AlterField(
            model_name="message",
            name="state",
            field=models.CharField(
                choices=[
                    ("due", "due"),
                    ("claimed", "claimed by a worker"),
                    ("handed", "handed over"),
                    ("accepted", "accepted by the provider"),
                    ("delivered", "delivered"),
                    ("read", "read"),
                    ("failed", "failed"),
                    ("expired", "expired"),
                    ("superseded", "superseded"),
                    ("uncertain", "may have been taken, being asked about"),
                ],
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("person_id__isnull", False),
                    models.Q(("reader_id__isnull", False), models.Q(("channel", "in-app"), _negated=True)),
                    _connector="OR",
                ),
                name="notifications_for_somebody",
            ),
        ),
    ]
