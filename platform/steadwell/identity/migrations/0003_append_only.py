"""What a system said is never changed."""

from __future__ import annotations

from django.db import migrations

from steadwell.history.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_people")]

    operations = [AppendOnly("identity", "SourceRecordVersion")]
