"""Who is on duty at a site at a moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
import small_clinic
from small_clinic import MONDAY, at, key

from scheduling import service as scheduling
from steadwell.actor import Role
from steadwell.errors import NotFound
from steadwell.ids import SiteId, new_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return small_clinic.site()


def test_those_whose_hours_cover_the_moment_come_first(site):
    early = small_clinic.clinician(site, hours=((8, 12),), name="Wren Halloran")
    late = small_clinic.clinician(site, hours=((12, 17),), name="Ada Moreno")

    assert scheduling.list_on_duty(site_id=site, at=at(9, on=MONDAY)) == (early, late)
    assert scheduling.list_on_duty(site_id=site, at=at(13, on=MONDAY)) == (late, early)


def test_at_night_everybody_who_works_there_is_named(site):
    one = small_clinic.clinician(site, name="Wren Halloran")

    assert scheduling.list_on_duty(site_id=site, at=at(23, on=MONDAY)) == (one,)


def test_who_is_on_leave_is_left_out(site):
    away = small_clinic.clinician(site, name="Ada Moreno")
    here = small_clinic.clinician(site, name="Wren Halloran")
    manager = small_clinic.staff(site, Role.MANAGER)
    scheduling.add_leave(
        actor=manager, practitioner_id=away, starts_at=at(8, on=MONDAY),
        ends_at=at(8, on=MONDAY) + timedelta(days=1), request_key=key(), now=small_clinic.NOW, reason="away",
    )  # fmt: skip

    assert scheduling.list_on_duty(site_id=site, at=at(9, on=MONDAY)) == (here,)


def test_site_that_is_not_there_is_refused():
    with pytest.raises(NotFound):
        scheduling.list_on_duty(site_id=SiteId(new_id()), at=small_clinic.NOW)
