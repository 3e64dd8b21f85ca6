"""Requests of visits and of moves in a real browser, on both sides: axe at each step, narrow and wide."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from browsing import NARROW, WIDE
from clinic_house import NOW, House
from readers import Patient
from small_clinic import TUESDAY, key

from scheduling import models
from scheduling import service as scheduling

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _monday_at_ten():
    with time_machine.travel(NOW + timedelta(hours=2), tick=True):
        yield


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
def test_pages_about_requests_pass_axe(reader, live_server, viewport):
    house, ada, bela = House(site_fields={"mode": "request"}), Patient(), Patient(given="Bela")
    visit, late = (_book(house, who, hour) for who, hour in ((ada, 9), (bela, 11)))
    house.step(visit, "approve")
    scheduling.reschedule(
        actor=ada.actor, appointment_id=visit.appointment_id, offer=house.offer(10, on=TUESDAY),
        request_key=key(), now=NOW,
    )  # fmt: skip
    models.Appointment.objects.filter(pk=late.appointment_id).update(overdue_at=NOW)
    lapsed = _book(house, bela, 11, 30)
    models.Appointment.objects.filter(pk=lapsed.appointment_id).update(
        status="cancelled", cancelled_by="clinic", lapsed_at=NOW
    )

    for client, paths in (
        (ada.client, ["/visits/", f"/visits/{visit.appointment_id}/"]),
        (bela.client, [f"/visits/{lapsed.appointment_id}/"]),
        (
            house.client(),
            [
                "/clinic/requests/",
                f"/clinic/?on={TUESDAY}",
                f"/clinic/visit/{visit.appointment_id}/",
                f"/clinic/visit/{visit.appointment_id}/decline-move/",
            ],
        ),
    ):
        visitor = reader(viewport)
        cookie = client.cookies["steadwell_session"].value
        visitor.page.context.add_cookies(
            [{"name": "steadwell_session", "value": cookie, "url": live_server.url}]
        )
        for path in paths:
            visitor.open(path)
            visitor.check(path)


def _book(house: House, who: Patient, hour: int, minute: int = 0) -> scheduling.Appointment:
    return scheduling.book_direct(
        actor=who.actor,
        person_id=who.person_id,
        offer=house.offer(hour, minute, on=TUESDAY),
        request_key=key(),
        now=NOW,
    )
