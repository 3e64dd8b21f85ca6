"""The demo is made on the day on which somebody looks at it, whichever that is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import call_command

from scheduling import models


@pytest.mark.django_db
@pytest.mark.parametrize(
    "now", [datetime(2028, 2, 29, 15, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)], ids=str
)
def test_demo_is_made(now):
    with time_machine.travel(now, tick=True):
        call_command("seed_demo")

    visits = models.Appointment.objects
    assert visits.filter(ends_at__lt=now).exists()
    assert visits.filter(starts_at__gt=now).exists()
