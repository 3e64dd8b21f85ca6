"""Alerts to staff: a mail without a patient, in the urgent lane, once per key."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import IntegrityError
from house import NOW, carry

from notifications import service as notifications
from notifications.models import DemoMail, Message
from steadwell.accounts import service as accounts
from steadwell.actor import Role
from steadwell.ids import SiteId, UserId

pytestmark = pytest.mark.django_db


def clinician(language: str = "en", site_id: SiteId | None = None) -> UserId:
    return accounts.create_user(
        email=f"{uuid4()}@example.org", password=None, roles=[Role.CLINICIAN],
        site_ids=[site_id or SiteId(uuid4())], now=NOW, language=language,
    )  # fmt: skip


def alert(*user_ids: UserId, key: str = "call:1:0", template: str = "staff.critical-result") -> int:
    return notifications.alert_staff(
        user_ids=user_ids, template=template, params={"path": "/clinic/labs/critical/", "place": "Alder"},
        key=key, about=None, now=NOW,
    )  # fmt: skip


def test_alert_writes_to_each_in_their_language_without_a_patient():
    assert alert(clinician(), clinician("es")) == 2

    rows = Message.objects.order_by("language")
    assert [(row.language, row.urgency, row.person_id) for row in rows] == [
        ("en", "urgent", None),
        ("es", "urgent", None),
    ]


def test_alert_leads_to_a_page_of_the_clinic_and_says_no_more(settings):
    settings.DEMO = True
    alert(clinician())

    carry()

    mail = DemoMail.objects.get()
    assert "/clinic/labs/critical/" in mail.text
    assert "/preferences/" not in mail.text + mail.html


def test_alert_is_given_once_per_key_and_reader():
    who = clinician()

    assert [alert(who), alert(who), alert(who, key="call:1:1")] == [1, 0, 1]


def test_alert_leaves_out_disabled_accounts():
    who = clinician()
    accounts.disable_user(actor=accounts.actor_for_user(user_id=who, now=NOW), user_id=who, now=NOW)

    assert alert(who) == 0


def test_alert_refuses_what_is_meant_for_patients():
    with pytest.raises(ValueError, match="not for staff"):
        alert(clinician(), template="visit.booked")


def test_message_is_for_somebody():
    with pytest.raises(IntegrityError):
        Message.objects.create(
            key="k", channel="email", template="staff.critical-result", template_version=1, language="en",
            urgency="urgent", state="due", told_at=NOW,
        )  # fmt: skip


def test_staff_at_a_site_are_found_by_role_and_by_the_clinician_they_are():
    site, other = SiteId(uuid4()), SiteId(uuid4())
    here = clinician(site_id=site)
    clinician(site_id=other)

    assert accounts.staff_at(site_id=site, role=Role.CLINICIAN, now=NOW) == {here: None}
    assert accounts.staff_at(site_id=site, role=Role.MANAGER, now=NOW) == {}
