"""The pages through HTTP: what each side reads, what is kept when something is wrong, what is not there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from conversation_house import ANSWER, QUESTION, House, fields, owed, words
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging import service as messaging
from messaging.models import Conversation, Entry, Reading
from messaging.service import State, Subject
from steadwell import clock

pytestmark = pytest.mark.django_db
NEW, LIST, QUEUE = "/conversations/new/", "/conversations/", "/clinic/conversations/"


@pytest.fixture
def house() -> House:
    return House(now=clock.now())


def looks(taken: CaptureQueriesContext, table: str) -> int:
    return sum(f'FROM "{table}"' in each["sql"] for each in taken.captured_queries)


def one(view: messaging.ConversationView, *, clinic: bool = False) -> str:
    return f"{QUEUE if clinic else LIST}{view.conversation_id}/"


def test_a_patient_writes_and_reads_where_it_stands(house):
    client = house.client(house.patient)
    form = client.get(NEW)
    assert "Not for anything urgent" in words(form)
    assert "call 911" in words(form)
    assert "You can expect an answer by the end of" in words(form)
    assert "Up to 4,000 characters" in words(form)

    said = {**fields(form), "subject": "medicines", "site": str(house.site), "text": "One.\r\nTwo <b>."}
    answer = client.post(NEW, said, follow=True)

    page = words(answer)
    assert "Your message was sent." in page
    assert "Waits for an answer" in page
    assert "Not read yet" in page
    assert "One.\nTwo &lt;b&gt;." in answer.content.decode()
    assert "Medicines" in words(client.get(LIST))
    assert client.post(NEW, said, follow=True).redirect_chain == answer.redirect_chain
    assert (Conversation.objects.count(), Entry.objects.count(), owed()) == (1, 1, ["open"])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"subject": ""}, "Choose what it is about."),
        ({"text": "x" * 4001}, "This is 4001 characters long, and 4000 are possible. Please shorten it."),
        ({"text": "  "}, "Write your message."),
        ({"site": ""}, "Choose a clinic."),
    ],
)
def test_what_was_typed_is_kept_when_something_is_wrong(house, wrong, says):
    client = house.client(house.patient)
    said = fields(client.get(NEW)) | {"subject": "other", "site": str(house.site), "text": QUESTION} | wrong

    answer = client.post(NEW, said)

    assert answer.status_code == 200
    assert says in words(answer)
    assert "Error:" in words(answer)
    assert said["text"].strip() in answer.content.decode()
    assert Conversation.objects.count() == 0


def test_a_form_sent_again_with_other_words_keeps_them_and_can_be_sent(house):
    client = house.client(house.patient)
    said = {**fields(client.get(NEW)), "subject": "other", "site": str(house.site), "text": "First"}
    client.post(NEW, said)

    answer = client.post(NEW, said | {"text": "Second"})

    assert "Second" in answer.content.decode()
    client.post(NEW, said | {"text": "Second"} | fields(answer))
    assert Conversation.objects.count() == 2


def test_a_further_message_that_is_wrong_keeps_its_words(house):
    client, view = house.client(house.patient), house.started()
    form = fields(client.get(one(view)))

    answer = client.post(one(view), form | {"text": "y" * 4100})

    assert "y" * 4100 in answer.content.decode()
    client.post(one(view), form | {"text": "And then?"})
    assert Entry.objects.count() == 2


def test_the_care_team_reads_answers_and_both_see_that_it_was_read(house):
    view = house.started()
    doctor, patient = house.client(house.doctor), house.client(house.patient)
    queue = words(doctor.get(QUEUE))
    assert "Okafor, Ada" in queue
    assert "By the end of" in queue

    page = doctor.get(one(view, clinic=True))
    assert QUESTION in words(page)
    assert "Read by the care team:" in words(patient.get(one(view)))
    sent = doctor.post(one(view, clinic=True), fields(page, "answer") | {"text": ANSWER}, follow=True)

    assert "Sent: the patient is told that there is an answer." in words(sent)
    assert "New answer" in words(patient.get(LIST))
    read = words(patient.get(one(view)))
    assert "Wren Halloran" in read
    assert ANSWER in read
    assert "Read on the patient's side:" in words(doctor.get(one(view, clinic=True)))
    assert "New answer" not in words(patient.get(LIST))
    assert owed() == ["done"]


def test_staff_who_are_too_late_keep_their_words_and_see_what_is_new(house):
    view = house.started()
    doctor = house.client(house.doctor)
    form = fields(doctor.get(one(view, clinic=True)), "answer")
    house.written(view, text="Wait, it got worse.")

    answer = doctor.post(one(view, clinic=True), form | {"text": ANSWER})

    page = words(answer)
    assert answer.status_code == 412
    assert "Something was written since you opened this." in page
    assert page.index("New") < page.index("Wait, it got worse.")
    assert ANSWER in answer.content.decode()
    again = fields(answer, "answer") | {"text": ANSWER}
    assert doctor.post(one(view, clinic=True), again).status_code == 302
    assert owed() == ["done", "done"]


def test_taken_handed_on_and_closed(house):
    view = house.started()
    doctor, patient = house.client(house.doctor), house.client(house.patient)
    address = one(view, clinic=True)

    doctor.post(address, fields(doctor.get(address), "assign"), follow=True)
    assert "With: You" in words(doctor.get(QUEUE))
    form = fields(doctor.get(address), "assign")
    doctor.post(address, form | {"to": str(house.colleague.user_id)})
    assert "Sees to it now: Ines Corte" in words(doctor.get(address))
    refused = doctor.post(address, fields(doctor.get(address), "close") | {"reason": ""})
    assert "Say why, so that the patient knows." in words(refused)
    doctor.post(address, fields(refused, "close") | {"reason": "We spoke."})

    page = words(patient.get(one(view)))
    assert "Closed this conversation: We spoke." in page
    assert "If you write again, it is open again." in page
    assert "Sees to it now" not in page
    assert "Okafor" in words(doctor.get(f"{QUEUE}?state=closed"))
    assert "Nobody waits for an answer" in words(doctor.get(QUEUE))


def test_assigning_reads_no_word_besides_its_own_answer(house):
    view = house.started()
    doctor, address = house.client(house.doctor), one(view, clinic=True)
    form = fields(doctor.get(address), "assign")

    with CaptureQueriesContext(connection) as taken:
        assert doctor.post(address, form).status_code == 302

    assert looks(taken, "messaging_entry") == 1
    assert looks(taken, "messaging_reading") == 1


def test_a_late_answer_is_said_to_be_late_on_both_sides(house):
    view = house.started(now=house.now - timedelta(days=10), subject=Subject.OTHER)

    assert "We are sorry: the answer is late." in words(house.client(house.patient).get(one(view)))
    assert "Late" in words(house.client(house.patient).get(LIST))
    assert "Late" in words(house.client(house.desk).get(QUEUE))


@pytest.mark.parametrize("who", ["other", "stranger", "manager", "desk", "doctor"])
def test_a_patients_page_is_not_there_for_others(house, who):
    view = house.started()
    client = house.client(getattr(house, who))
    nothing = LIST + "00000000-0000-7000-8000-000000000000/"

    for method in (client.get, client.post):
        assert method(one(view)).status_code == 404 == method(nothing).status_code
    assert Reading.objects.count() == 0


@pytest.mark.parametrize("who", ["other", "stranger", "manager", "administrator", "desk", "patient"])
def test_a_clinics_page_is_not_there_for_others(house, who):
    view = house.started()
    client = house.client(getattr(house, who))

    assert client.get(one(view, clinic=True)).status_code == 404
    assert client.get(f"{QUEUE}?site={house.site}").status_code == (200 if who == "desk" else 404)
    assert client.get(f"{QUEUE}?site=x").status_code == 404
    assert Reading.objects.count() == 0


def test_a_stranger_is_asked_to_sign_in(client, house):
    view = house.started()

    for address in (LIST, NEW, one(view), QUEUE, one(view, clinic=True)):
        assert client.get(address).status_code == 302


def test_who_acts_for_a_patient_writes_for_them(house):
    client = house.client(house.parent)

    form = client.get(NEW)
    client.post(NEW, fields(form) | {"subject": "other", "site": str(house.site), "text": QUESTION})

    view = Conversation.objects.get()
    assert view.person_id == house.person_id
    assert "Somebody who acts for the patient" in words(house.client(house.patient).get(f"{LIST}{view.pk}/"))
    assert "Acting for the patient" in words(house.client(house.doctor).get(f"{QUEUE}{view.pk}/"))


def test_what_waits_is_counted_on_the_clinics_day(house):
    house.started(subject=Subject.OTHER)

    page = house.client(house.desk).get("/clinic/", follow=True)

    assert "1 conversation waits for an answer" in words(page)


@pytest.mark.parametrize("query", ["?state=gossip", "?site=00000000-0000-7000-8000-000000000000"])
def test_a_queue_that_is_not_is_not_there(house, query):
    assert house.client(house.doctor).get(QUEUE + query).status_code == 404


@pytest.mark.parametrize("wrong", [{"act": "praise"}, {"seen": "x"}, {"seen": ""}, {"request_key": ""}])
def test_a_form_that_is_not_ours_changes_nothing(house, wrong):
    view = house.started()
    client = house.client(house.doctor)
    form = fields(client.get(one(view, clinic=True)), "answer") | {"text": ANSWER} | wrong

    assert client.post(one(view, clinic=True), form).status_code == 400
    assert Conversation.objects.get().state == State.WAITING.value


def test_the_admin_shows_where_it_stands_and_no_words(house):
    view = house.started()
    client = house.client(house.administrator)

    shown = [client.get("/admin/messaging/conversation/"),
             client.get(f"/admin/messaging/conversation/{view.conversation_id}/change/")]  # fmt: skip

    assert [each.status_code for each in shown] == [200, 200]
    assert all(QUESTION not in each.content.decode() for each in shown)
    assert client.get("/admin/messaging/entry/").status_code == 404


def test_the_pages_speak_spanish(house):
    view = house.started()
    client = house.client(house.patient)
    client.cookies["django_language"] = "es"

    assert "No es para asuntos urgentes" in words(client.get(one(view)))
