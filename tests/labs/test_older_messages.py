"""A message that comes after what replaced it: nothing that its readers see moves."""

from __future__ import annotations

import html
import itertools
import re

import lab_house
import pytest
import time_machine
from django.db import transaction
from django.test import Client
from release_house import Family, decide
from review_house import NOW, ReviewHouse, again, potassium, timedelta
from signing_in import sign_in

from labs import service as labs
from labs.models import Report
from labs.review import signing
from labs.types import Status
from steadwell.ids import new_id

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _then():
    with time_machine.travel(NOW, tick=False):
        yield


def said(house: ReviewHouse) -> list[labs.IncomingReport]:
    """A preliminary value, the final one, and its correction, an hour apart."""
    final = house.say(potassium("5.9"))
    assert final.issued_at is not None
    early, late = (final.issued_at + timedelta(hours=hours) for hours in (-1, 1))
    return [
        again(final, potassium("6.2", status=Status.PRELIMINARY), status=Status.PRELIMINARY, issued_at=early),
        final,
        again(final, potassium("4.9", status=Status.CORRECTED), status=Status.CORRECTED, issued_at=late),
    ]


def reported(client: Client, report_id: object) -> str:
    """When the page that is signed says its values were reported."""
    page = client.get(f"/clinic/labs/report/{report_id}/").content.decode()
    found = re.search(r"as reported ([^<]+)<", page)
    assert found is not None
    return html.unescape(found[1])


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_page_says_when_what_counts_was_reported_in_every_order(order):
    house = ReviewHouse()
    messages, doctor = said(house), house.client(house.doctor)
    with transaction.atomic():
        for message in messages:
            in_turn = house.file(message)
        expected = reported(doctor, in_turn.report_id)
        transaction.set_rollback(True)

    seen = []
    for place in order:
        filed = house.file(messages[place])
        seen.append(reported(doctor, filed.report_id))

    assert seen[-1] == expected
    from_the_correction_on = seen[order.index(2) :]
    assert set(from_the_correction_on) == {expected}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_what_changed_last_is_the_correction_whatever_comes_after_it(order):
    house = ReviewHouse()
    messages = said(house)

    for place in order:
        filed = house.file(messages[place])

    report = Report.objects.get(pk=filed.report_id)
    assert (report.version, report.changed_version) == (3, order.index(2) + 1)


def test_patient_who_saw_the_correction_hears_of_no_change_when_the_old_value_comes():
    family = Family()
    ada = sign_in(Client(), family.patient_id)
    final = lab_house.report(potassium("5.9"), patient=family.incoming)
    assert final.issued_at is not None
    correction = again(
        final, potassium("4.9", status=Status.CORRECTED), status=Status.CORRECTED,
        issued_at=final.issued_at + timedelta(hours=1),
    )  # fmt: skip
    filed = lab_house.file(correction)
    decide(filed.report_id)
    assert "4.9" in ada.get(f"/results/{filed.report_id}/").content.decode()
    signing.comment(
        actor=lab_house.CLINICIAN, report_id=filed.report_id, version=1, text="All is well.", to_patient=True,
        request_key=str(new_id()), now=NOW,
    )  # fmt: skip

    lab_house.file(final)
    decide(filed.report_id)

    page = ada.get(f"/results/{filed.report_id}/").content.decode()
    assert "4.9" in page
    assert "All is well." in page
    assert "Written before the latest change" not in page
    assert "Corrected since you looked" not in ada.get("/results/").content.decode()


def test_patient_who_saw_the_old_value_hears_of_the_correction():
    family = Family()
    ada = sign_in(Client(), family.patient_id)
    final = lab_house.report(potassium("5.9"), patient=family.incoming)
    assert final.issued_at is not None
    filed = lab_house.file(final)
    decide(filed.report_id)
    ada.get(f"/results/{filed.report_id}/")

    lab_house.file(
        again(
            final, potassium("4.9", status=Status.CORRECTED), status=Status.CORRECTED,
            issued_at=final.issued_at + timedelta(hours=1),
        )
    )  # fmt: skip
    decide(filed.report_id)

    assert "Corrected since you looked" in ada.get("/results/").content.decode()
