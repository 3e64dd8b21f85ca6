from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
from small_clinic import NOW, TUESDAY, Clinic, staff

from scheduling import models, setup
from scheduling.setup import SetUp
from steadwell.actor import Actor, Role
from steadwell.errors import Forbidden, Invalid, NotFound
from steadwell.ids import UserId

pytestmark = pytest.mark.django_db

ADMINISTRATOR = Actor(user_id=UserId(uuid4()), roles=frozenset({Role.ADMINISTRATOR}))


def test_a_holiday_empties_the_day_at_once():
    clinic = Clinic()
    assert clinic.open_times()

    setup.save_setup(
        actor=clinic.manager,
        kind=SetUp.HOLIDAY,
        now=NOW,
        values={"site_id": clinic.site, "on": TUESDAY, "name": "Founders' Day"},
    )

    assert clinic.open_times() == []


def test_shorter_visits_show_with_the_next_search():
    clinic = Clinic()
    clinic.open_times()

    setup.save_setup(
        actor=ADMINISTRATOR,
        kind=SetUp.VISIT_TYPE,
        entity_id=clinic.visit_type,
        values={"minutes": 60},
        now=NOW,
    )

    assert clinic.open_times() == ["09:00", "10:00", "11:00"]


def test_save_setup_names_the_wrong_field_and_changes_nothing():
    clinic = Clinic()

    with pytest.raises(Invalid) as refused:
        setup.save_setup(
            actor=ADMINISTRATOR,
            kind=SetUp.SITE,
            entity_id=clinic.site,
            values={"time_zone": "Mars/Dome"},
            now=NOW,
        )

    assert list(refused.value.fields) == ["time_zone"]
    assert models.Site.objects.get(pk=clinic.site).time_zone == "America/New_York"


def test_managers_change_hours_of_their_own_sites_only():
    clinic, other = Clinic(), Clinic()
    values = {"site_id": clinic.site, "on": date(2026, 12, 25), "name": "Christmas"}

    with pytest.raises(Forbidden):
        setup.save_setup(actor=other.manager, kind=SetUp.HOLIDAY, values=values, now=NOW)
    with pytest.raises(Forbidden):
        setup.save_setup(
            actor=clinic.manager, kind=SetUp.SITE, entity_id=clinic.site, values={"mode": "open"}, now=NOW
        )
    with pytest.raises(Forbidden):
        setup.save_setup(actor=staff(clinic.site), kind=SetUp.HOLIDAY, values=values, now=NOW)


def test_remove_setup_takes_hours_away():
    clinic = Clinic()
    for row in models.WeeklyHours.objects.all():
        setup.remove_setup(actor=clinic.manager, kind=SetUp.HOURS, entity_id=row.pk, now=NOW)

    assert clinic.open_times() == []
    with pytest.raises(NotFound):
        setup.remove_setup(actor=clinic.manager, kind=SetUp.HOURS, entity_id=uuid4(), now=NOW)
    with pytest.raises(Forbidden):
        setup.remove_setup(actor=ADMINISTRATOR, kind=SetUp.SITE, entity_id=clinic.site, now=NOW)
