"""How carrying went is never rewritten."""

from __future__ import annotations

from django.db import migrations

from steadwell.history.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_messages")]

    operations = [AppendOnly("notifications", "Attempt")]
