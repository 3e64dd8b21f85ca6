from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from signing_in import sign_in
from small_clinic import Clinic

from scheduling import models
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.ids import SiteId

pytestmark = pytest.mark.django_db


def browser(role: Role, *site_ids: SiteId) -> Any:
    user_id = accounts.create_user(
        email=f"{uuid4().hex}@example.org", password=None, roles=[role], site_ids=site_ids, now=clock.now()
    )
    return sign_in(Client(), user_id)


def audited() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT action, entity_id::text FROM audit_auditentry WHERE category = 'set-up'")
        return list(cursor.fetchall())


def site_form(**changes: str) -> dict[str, str]:
    row = models.Site.objects.get()
    names = ["name", "address", "phone", "time_zone", "mode", "window_days", "cap_per_day", "cap_ahead"]
    names += ["book_lead_minutes", "cancel_lead_minutes", "answer_hours", "answer_lead_minutes", "video_link"]
    fields = {name: str(getattr(row, name)) for name in names}
    return fields | {"organisation": str(row.organisation_id), "active": "on"} | changes


def test_the_set_up_is_read_until_a_change_is_asked_for():
    clinic, client = Clinic(), browser(Role.ADMINISTRATOR)
    path = f"/admin/scheduling/site/{clinic.site}/change/"

    read, asked = client.get(path), client.get(path + "?change=1")

    assert b'name="time_zone"' not in read.content
    assert b"?change=1" in read.content
    assert b'name="time_zone"' in asked.content


def test_a_change_goes_through_the_service_and_its_audit():
    clinic, client = Clinic(), browser(Role.ADMINISTRATOR)

    answer = client.post(f"/admin/scheduling/site/{clinic.site}/change/", site_form(mode="request"))

    assert answer.status_code == 302
    assert models.Site.objects.get().mode == "request"
    assert audited() == [("setup.change", str(clinic.site))]


def test_the_form_says_what_is_wrong():
    clinic, client = Clinic(), browser(Role.ADMINISTRATOR)

    answer = client.post(f"/admin/scheduling/site/{clinic.site}/change/", site_form(time_zone="Mars/Dome"))

    assert answer.status_code == 200
    assert models.Site.objects.get().time_zone == "America/New_York"
    assert audited() == []


def test_a_manager_changes_own_hours_and_no_site():
    clinic = Clinic()
    client = browser(Role.MANAGER, clinic.site)
    hours = models.WeeklyHours.objects.first()
    assert hours is not None
    form = {
        "practitioner": str(clinic.clinician), "site": str(clinic.site), "weekday": "0", "starts": "08:00",
        "ends": "10:00", "visit_type_ids": "", "valid_from": "2026-01-01", "valid_until": "",
    }  # fmt: skip

    own = client.post(f"/admin/scheduling/weeklyhours/{hours.pk}/change/", form)
    site = client.post(f"/admin/scheduling/site/{clinic.site}/change/", site_form(mode="request"))

    assert (own.status_code, site.status_code) == (302, 403)
    hours.refresh_from_db()
    assert f"{hours.starts:%H:%M}" == "08:00"
    assert models.Site.objects.get().mode == "open"


MODELS = "organisation site resource practitioner visittype weeklyhours availabilityexception holiday"


@pytest.mark.parametrize("model", MODELS.split())
def test_every_list_and_form_opens(model: str):
    Clinic()
    client = browser(Role.ADMINISTRATOR)

    assert client.get(f"/admin/scheduling/{model}/").status_code == 200
    assert client.get(f"/admin/scheduling/{model}/add/").status_code == 200


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.CLINICIAN])
def test_others_do_not_enter(role: Role):
    clinic = Clinic()
    client = browser(role, clinic.site)

    assert client.get("/admin/scheduling/site/").status_code in {302, 403, 404}


def test_patients_visits_are_not_in_the_admin():
    client = browser(Role.ADMINISTRATOR)

    for model in ("appointment", "hold", "claim", "closure", "calendarfeed"):
        assert client.get(f"/admin/scheduling/{model}/").status_code == 404
