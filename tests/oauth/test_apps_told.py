"""What an app that was let in is told of: shown to the person, and over with its access."""

from __future__ import annotations

import pytest
from connecting_apps import patient, registered, tokens_of
from django.test import Client

from fhir_facade.oauth.models import Approval
from fhir_facade.server import wire
from fhir_facade.subscriptions import rights, topics
from fhir_facade.subscriptions.models import Subscription, SubscriptionEvent
from steadwell import clock
from steadwell.ids import new_id

pytestmark = pytest.mark.django_db
SCOPE = "launch/patient patient/Appointment.rs patient/Subscription.cruds openid offline_access"


def subscribed(token, code="appointment-booked", **more):
    said = {
        "resourceType": "Subscription", "status": "requested", "reason": "Reminders",
        "criteria": topics.TOPICS[code].url,
        "channel": {"type": "rest-hook", "endpoint": "https://app.example.org/told", **more},
    }  # fmt: skip
    return Client().generic(
        "POST", "/fhir/Subscription", wire.dump(said), content_type="application/fhir+json",
        HTTP_AUTHORIZATION=f"Bearer {token}",
    )  # fmt: skip


@pytest.fixture
def let_in():
    browser, _ = patient()
    said = tokens_of(registered(scope=SCOPE), browser, scope=SCOPE)
    made = subscribed(said["access_token"])
    assert made.status_code == 201, made.content
    return browser, Subscription.objects.get()


def test_person_sees_what_the_app_is_told(let_in):
    browser, _ = let_in

    page = browser.get("/apps/").content.decode()

    assert "It is sent a message" in page
    may = page.partition("<h3>It may</h3>")[2].partition("<h3>")[0]
    assert "<li>See:<ul><li>Visits</li></ul></li>" in may
    assert "when a visit is booked" in page
    assert "with what it says" not in page


def test_it_is_of_the_approval_and_ends_with_one_tap(let_in):
    browser, made = let_in
    SubscriptionEvent.objects.create(
        subscription=made, told=1, topic="appointment-booked", focus_id=new_id(), occurred_at=clock.now()
    )
    assert rights.access_of(made, now=clock.now()) is not None

    browser.post(f"/apps/{Approval.objects.get().pk}/end/")

    made.refresh_from_db()
    assert (made.state, made.cause) == ("off", "access-ended")
    assert rights.access_of(made, now=clock.now()) is None
    assert not SubscriptionEvent.objects.exists()
    assert "when a visit is booked" not in browser.get("/apps/").content.decode()


def test_approval_that_ran_out_is_no_right(let_in):
    _, made = let_in
    approval = Approval.objects.get()

    assert rights.access_of(made, now=approval.ends_at) is None


def test_app_may_ask_only_for_what_it_may_read(let_in):
    browser, _ = let_in
    token = tokens_of(registered(scope=SCOPE), browser, scope=SCOPE)["access_token"]

    assert subscribed(token, "result-released").status_code == 403


def test_developers_read_which_topics_there_are():
    page = Client().get("/developers/").content.decode()

    assert all(each.url in page for each in topics.served())
    assert "backport-payload-content" in page
