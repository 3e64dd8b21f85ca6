"""Conversations as Communications: each message to whom it is for, by compartment and consent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fhir_house import House
from test_consents import api_of, deny, other, set_consent  # noqa: F401 - `other` is a fixture

from messaging import service as messaging
from steadwell.actor import Actor, Role
from steadwell.ids import PersonId, PractitionerId, UserId, new_id

pytestmark = pytest.mark.django_db
QUESTION = "May I take it with milk?"


def conversed(house: House, person_id: PersonId) -> messaging.ConversationView:
    """A question, read and answered."""
    if not hasattr(house, "site"):
        house.open_clinic()
    patient = Actor(user_id=UserId(new_id()), roles=frozenset({Role.PATIENT}), person_id=person_id)
    doctor = Actor(
        user_id=UserId(new_id()), roles=frozenset({Role.CLINICIAN}), site_ids=frozenset({house.site}),
        practitioner_id=PractitionerId(house.clinician),
    )  # fmt: skip
    view = messaging.start_conversation(
        actor=patient, person_id=person_id, site_id=house.site, subject=messaging.Subject.MEDICINES,
        text=QUESTION, request_key=str(new_id()), now=house.now,
    )  # fmt: skip
    view = messaging.read_conversation(
        actor=doctor, conversation_id=view.conversation_id, side=messaging.Side.CARE_TEAM,
        now=house.now + timedelta(minutes=5),
    )  # fmt: skip
    return messaging.answer(
        actor=doctor, conversation_id=view.conversation_id, seen_version=view.version, text="Yes.",
        request_key=str(new_id()), now=house.now + timedelta(minutes=6),
    )  # fmt: skip


def test_each_message_says_who_wrote_it_to_whom_and_when_it_was_read(house):
    conversed(house, house.ada)

    found = house.ehr.get("Communication", {"patient": str(house.ada), "category": "conversation"})

    asked, answered = sorted(found.matches, key=lambda each: each["sent"])
    assert asked["payload"] == [{"contentString": QUESTION}]
    assert asked["sender"] == {"reference": f"Patient/{house.ada}"}
    assert (asked["meta"]["versionId"], "received" in asked) == ("2", True)
    assert answered["sender"] == {"reference": f"Practitioner/{house.clinician}"}
    assert answered["recipient"] == [{"reference": f"Patient/{house.ada}"}]
    assert (answered["topic"], "received" in answered) == ({"text": "Medicines"}, False)
    assert house.ehr.get(f"Communication/{asked['id']}").json == asked


@pytest.mark.parametrize("sender", ["patient", "practitioner"])
def test_messages_are_found_by_who_wrote_them(house, sender):
    conversed(house, house.ada)
    who = f"Patient/{house.ada}" if sender == "patient" else f"Practitioner/{house.clinician}"

    found = house.ehr.get("Communication", {"sender": who})

    assert [each["sender"]["reference"] for each in found.matches] == [who]


def test_a_patients_app_has_its_own_patients_messages_and_no_others(house):
    conversed(house, house.ada)
    conversed(house, house.bo)
    theirs = house.ehr.get("Communication", {"patient": str(house.bo)}).ids

    app = house.of(house.ada, "patient/Communication.rs")

    assert {each["subject"]["reference"] for each in app.get("Communication").matches} == {
        f"Patient/{house.ada}"
    }
    assert [app.get(f"Communication/{key}").status for key in theirs] == [404] * len(theirs)


def test_a_denial_of_communications_hides_conversations(house, other):  # noqa: F811 - the fixture
    conversed(house, house.ada)
    asked = {"patient": str(house.ada), "category": "conversation"}
    assert len(api_of(house).get("Communication", asked).ids) == 2
    set_consent(house, deny("Communication"))

    assert api_of(house).get("Communication", asked).ids == []
    assert len(house.ehr.get("Communication", asked).ids) == 2


def test_a_denial_may_be_of_conversations_alone(house, other):  # noqa: F811 - the fixture
    conversed(house, house.ada)
    before = len(api_of(house).get("Communication").ids)
    code = ("urn:steadwell:communication-category", "conversation")
    set_consent(house, deny("Communication", codes=[code]))

    assert len(api_of(house).get("Communication").ids) == before - 2


def test_what_was_written_here_is_not_changed_from_outside(house):
    conversed(house, house.ada)
    (asked, _) = house.ehr.get("Communication", {"category": "conversation"}).matches

    refused = house.ehr.put(f"Communication/{asked['id']}", asked | {"payload": [{"contentString": "No."}]})

    assert refused.status == 404  # no document of anybody's
    assert house.ehr.get(f"Communication/{asked['id']}").json == asked
