"""Forms that patients fill in: offered, sent once, read by clinicians, and never ended in silence."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from forms_house import ANSWERS, FormsHouse, before_visit
from small_clinic import site as another_site

from fhir_facade import service as facade
from fhir_facade.forms import answering, filling, offering, questions, settling
from fhir_facade.forms.errors import (
    AnswersDoNotFit,
    FormAskedAlready,
    FormChanged,
    FormMoved,
    FormNotFillable,
)
from fhir_facade.forms.models import FormOffer, FormOfferVersion, OfferState
from fhir_facade.server.wire import Digits
from notifications import service as notifications
from notifications.models import Message, PatientAction
from steadwell import clock
from steadwell.actor import Role
from steadwell.audit import service as audit
from steadwell.errors import Busy, Forbidden, Invalid, NotFound, RequestKeyReused
from steadwell.ids import new_id
from tests.impatient import impatient
from tests.races.racing import all_at_once, codes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house() -> FormsHouse:
    return FormsHouse()


def told(template: str) -> int:
    return Message.objects.filter(template=template, channel="in-app").count()


def owed() -> list[str]:
    return list(
        PatientAction.objects.filter(kind="form").order_by("sequence").values_list("state", flat=True)
    )


def acts(house: FormsHouse) -> list[str]:
    rows = audit.list_for_person(actor=house.patient, person_id=house.ada, now=clock.now())
    return [each.action for each in rows if each.action.startswith("form.")]


def settled(house: FormsHouse, act: Any, offer: Any, **more: Any) -> Any:
    said = {"actor": house.doctor, "offer_id": offer.offer_id, "seen_version": offer.version}
    return act(**(said | {"request_key": str(new_id()), "now": clock.now()} | more))


def test_a_form_goes_all_the_way(house):
    offer = house.offered()
    assert told("form.asked") == 1
    assert filling.count_to_fill(actor=house.patient) == 1

    sent = house.sent(offer)

    assert sent.state is OfferState.SENT
    assert owed() == ["open"]
    (waiting,) = settling.list_waiting(actor=house.doctor, site_id=house.site, now=clock.now())
    assert waiting.offer_id == offer.offer_id
    read = settling.read_answers(actor=house.doctor, offer_id=offer.offer_id, now=clock.now())
    assert [(each.link, len(each.answers)) for each in read.said if not each.is_heading][:2] == [
        ("pain", 1), ("where", 1),
    ]  # fmt: skip

    settled(house, settling.mark_seen, sent)

    assert owed() == ["done"]
    assert told("form.seen") == 1
    assert not settling.list_waiting(actor=house.doctor, site_id=house.site, now=clock.now())
    assert {"form.offer", "form.send", "form.read", "form.seen"} <= set(acts(house))
    states = FormOfferVersion.objects.filter(entity_id=offer.offer_id).order_by("version")
    assert list(states.values_list("state", "response_version")) == [
        ("offered", None), ("sent", 1), ("seen", None),
    ]  # fmt: skip


def test_what_is_sent_is_a_response_that_any_ehr_reads(house):
    house.sent(house.offered(), {**ANSWERS, "dose": [{"valueDecimal": Digits("7.50")}]})

    (made,) = house.ehr.get("QuestionnaireResponse", {"patient": str(house.ada)}).matches

    assert made["status"] == "completed"
    assert made["author"] == {"reference": f"Patient/{house.ada}"}
    raw = house.ehr.get(f"QuestionnaireResponse/{made['id']}").text
    assert '"valueDecimal":7.50' in raw
    found = house.ehr.get("QuestionnaireResponse", {"questionnaire": f"Questionnaire/{house.form_id}"})
    assert found.ids == [made["id"]]
    asked_and_skipped = [each["linkId"] for each in made["item"][1]["item"] if "answer" not in each]
    assert asked_and_skipped == ["since", "words"]  # whoever reads it sees that they were asked


def test_sent_twice_is_sent_once(house):
    offer, key = house.offered(), str(new_id())

    first = house.sent(offer, request_key=key)
    again = house.sent(offer, request_key=key)

    assert again == first
    assert len(house.ehr.get("QuestionnaireResponse").ids) == 1
    assert owed() == ["open"]
    with pytest.raises(RequestKeyReused):
        house.sent(offer, {"pain": [{"valueBoolean": False}]}, request_key=key)
    with pytest.raises(FormMoved):
        house.sent(offer)


def test_of_many_who_send_at_once_one_does(house):
    offer = house.offered()

    results = all_at_once([lambda: house.sent(offer)] * 8)

    assert codes(results) == {"won": 1, "form-moved": 7}
    assert FormOfferVersion.objects.filter(entity_id=offer.offer_id).count() == 2
    assert len(house.ehr.get("QuestionnaireResponse").ids) == 1


def test_two_desks_offer_at_once_and_the_patient_has_one(house):
    results = all_at_once([house.offered] * 6)

    assert codes(results) == {"won": 1, "form-asked-already": 5}
    assert told("form.asked") == 1


def test_asked_again_the_answers_are_amended(house):
    offer = house.offered()
    sent = house.sent(offer)

    back = settled(house, settling.ask_again, sent, words="Which side is it?")

    assert owed() == ["told"]
    assert told("form.asked-again") == 1
    opened = filling.open_form(actor=house.patient, offer_id=offer.offer_id, now=clock.now())
    assert opened.offer.words == "Which side is it?"
    assert opened.answers["pain"] == [{"valueBoolean": False}]
    house.sent(back, {**ANSWERS, "side": [{"valueString": "left"}]})
    (made,) = house.ehr.get("QuestionnaireResponse").matches
    assert (made["status"], made["meta"]["versionId"]) == ("amended", "2")
    assert owed() == ["told", "open"]
    assert len(house.ehr.get(f"QuestionnaireResponse/{made['id']}/_history").entries) == 2


def test_what_nobody_reads_is_told_to_the_patient_and_counted(house):
    sent = house.sent(house.offered())

    found = notifications.check_ledger(now=clock.now() + filling.LONGEST_WAIT + timedelta(minutes=1))

    assert found.silent == 0
    assert owed() == ["told"]
    row = PatientAction.objects.get(kind="form")
    assert Message.objects.filter(template="action.not-done", key=f"action:{row.pk}:0").exists()
    settled(house, settling.mark_seen, sent)  # a late end is an end
    assert owed() == ["done"]


def test_answers_that_do_not_fit_leave_nothing(house):
    offer = house.offered()

    for wrong in ({}, {"pain": [{"valueBoolean": True}]}, {"pain": [{"valueString": "yes"}]}):
        with pytest.raises(AnswersDoNotFit):
            house.sent(offer, wrong)

    assert house.ehr.get("QuestionnaireResponse").ids == []
    assert owed() == []
    assert FormOffer.objects.get().state == "offered"


def test_answers_that_lead_nowhere_are_left_out(house):
    house.sent(house.offered(), {**ANSWERS, "level": [{"valueInteger": 7}]})

    (made,) = house.ehr.get("QuestionnaireResponse").matches

    assert "level" not in answering.answers_in(made)


def test_a_form_that_changed_is_looked_at_again(house):
    offer = house.offered()
    form = house.ehr.get(f"Questionnaire/{house.form_id}").json
    house.ehr.put(f"Questionnaire/{house.form_id}", {**form, "title": "Other questions"})

    with pytest.raises(FormChanged):
        house.sent(offer, form_version=1)

    assert house.sent(offer).state is OfferState.SENT


def test_a_form_that_was_taken_back_is_not_filled_in(house):
    offer, form_version = house.offered(), house.form().version
    house.ehr.delete(f"Questionnaire/{house.form_id}")

    assert filling.open_form(actor=house.patient, offer_id=offer.offer_id, now=clock.now()).form is None
    with pytest.raises(FormNotFillable):
        house.sent(offer, form_version=form_version)


@pytest.mark.parametrize(
    "item",
    [
        {"linkId": "x", "type": "attachment", "text": "A photo"},
        {"linkId": "x", "type": "choice", "text": "Which?", "answerValueSet": "http://example.org/vs"},
        {"linkId": "x", "type": "choice", "text": "Which?"},
        {"linkId": "x", "type": "string"},
        {"linkId": "x", "type": "string", "text": "Reckoned", "readOnly": True},
        {"linkId": "x", "type": "display", "text": "Nothing to answer"},
    ],
)
def test_what_a_page_cannot_ask_is_not_offered(house, item):
    form_id = house.written(before_visit(item=[item], title="Unfit"))

    assert [title for _, title in offering.list_forms(actor=house.desk)] == ["Before your visit"]
    with pytest.raises(FormNotFillable):
        house.offered(form_id=form_id)


def test_conditions_are_looked_at_until_nothing_changes(house):
    def only_if(question: str, value: bool) -> list[dict[str, Any]]:
        return [{"question": question, "operator": "=", "answerBoolean": value}]

    chain = questions.read(
        {
            "id": str(new_id()), "status": "active", "item": [
                {"linkId": "a", "type": "boolean", "text": "A?"},
                {"linkId": "b", "type": "boolean", "text": "B?", "enableWhen": only_if("a", True)},
                {"linkId": "c", "type": "boolean", "text": "C?", "enableWhen": only_if("b", True)},
            ],
        },
        version=1,
    )  # fmt: skip
    yes, no = [{"valueBoolean": True}], [{"valueBoolean": False}]

    assert answering.asked(chain, {}) == {0}
    assert answering.asked(chain, {"a": yes, "b": yes}) == {0, 1, 2}
    assert answering.asked(chain, {"a": no, "b": yes, "c": yes}) == {0}


def test_not_yours_is_not_there(house):
    offer = house.offered()
    sent = house.sent(offer)
    stranger, elsewhere = house.account(house.bo), house.staff(Role.CLINICIAN, another_site())
    about = {"offer_id": offer.offer_id, "now": clock.now()}

    for refused in (
        lambda: filling.open_form(actor=stranger, **about),
        lambda: house.sent(offer, actor=stranger),
        lambda: filling.list_own(actor=stranger, person_id=house.ada, now=clock.now()),
        lambda: settling.read_answers(actor=elsewhere, **about),
        lambda: settling.read_answers(actor=house.desk, **about),
        lambda: settling.read_answers(actor=house.patient, **about),
        lambda: settling.list_waiting(actor=elsewhere, site_id=house.site, now=clock.now()),
        lambda: settled(house, settling.mark_seen, sent, actor=elsewhere),
        lambda: settled(house, settling.ask_again, sent, actor=house.desk, words="x"),
        lambda: settled(house, offering.withdraw, sent, actor=elsewhere),
        lambda: house.offered(person_id=house.bo),
        lambda: house.offered(actor=elsewhere),
        lambda: house.offered(actor=house.patient),
        lambda: offering.list_forms(actor=house.patient),
    ):
        with pytest.raises(NotFound):
            refused()

    theirs = offering.list_of_patient(actor=elsewhere, person_id=house.ada, now=clock.now())
    assert theirs == ()
    assert FormOffer.objects.get().version == sent.version


def test_who_acts_for_a_patient_fills_in_for_them(house):
    parent = house.proxy_of(house.ada)

    house.sent(house.offered(), actor=parent)

    (made,) = house.ehr.get("QuestionnaireResponse").matches
    assert "author" not in made  # whoever wrote it is not the patient; the version says who
    assert made["subject"] == {"reference": f"Patient/{house.ada}"}


def test_settled_once(house):
    sent, key = house.sent(house.offered()), str(new_id())

    first = settled(house, settling.mark_seen, sent, request_key=key)

    assert settled(house, settling.mark_seen, sent, request_key=key) == first
    with pytest.raises(FormMoved):
        settled(house, settling.ask_again, sent, words="Late")
    with pytest.raises(Invalid):
        settled(house, settling.ask_again, sent, words="  ")
    assert told("form.seen") == 1


def test_taken_back_while_nothing_was_sent(house):
    offer = house.offered()
    with pytest.raises(FormAskedAlready):
        house.offered()

    settled(house, offering.withdraw, offer, actor=house.desk)

    assert filling.count_to_fill(actor=house.patient) == 0
    with pytest.raises(FormMoved):
        house.sent(offer)
    assert house.offered().state is OfferState.OFFERED  # and may be asked anew


@pytest.mark.parametrize("act", ["offer", "withdraw", "send", "seen", "again"])
def test_what_somebody_else_holds_for_long_is_busy(house, act):
    offer = None if act == "offer" else house.offered()
    sent = house.sent(offer) if act in {"seen", "again"} else None
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE fhir_facade_formoffer IN EXCLUSIVE MODE")
                held.set()
                free.wait(60)
        finally:
            connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(30)
        with impatient(), pytest.raises(Busy):
            {
                "offer": house.offered,
                "withdraw": lambda: settled(house, offering.withdraw, offer, actor=house.desk),
                "send": lambda: house.sent(offer),
                "seen": lambda: settled(house, settling.mark_seen, sent),
                "again": lambda: settled(house, settling.ask_again, sent, words="Which side?"),
            }[act]()
    finally:
        free.set()
        holder.join(30)


def test_a_repeat_that_waited_for_the_first_answers_how_it_ended(house):
    offer, key = house.offered(), str(new_id())

    found = all_at_once([lambda: house.sent(offer, request_key=key, form_version=1).state] * 6)

    assert found == [OfferState.SENT] * 6


@pytest.mark.parametrize("act", ["offer", "send", "seen"])
def test_without_its_audit_nothing_is_done(house, monkeypatch, act):
    offer = house.offered() if act != "offer" else None
    sent = house.sent(offer) if act == "seen" else None
    before = (FormOffer.objects.values_list("version", "state").first(), Message.objects.count(), owed())

    def refuse(**_: Any) -> None:
        raise audit.AuditUnavailable

    monkeypatch.setattr(audit, "record", refuse)
    with pytest.raises(audit.AuditUnavailable):
        {
            "offer": house.offered,
            "send": lambda: house.sent(offer),
            "seen": lambda: settled(house, settling.mark_seen, sent),
        }[act]()

    monkeypatch.undo()
    assert before == (
        FormOffer.objects.values_list("version", "state").first(), Message.objects.count(), owed(),
    )  # fmt: skip
    assert len(house.ehr.get("QuestionnaireResponse").ids) == (1 if act == "seen" else 0)


def test_steps_are_not_rewritten(house):
    house.offered()

    with pytest.raises(DatabaseError), transaction.atomic():
        FormOfferVersion.objects.update(words="Never said")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE fhir_facade_formoffer SET state = 'sent'")


def test_lists_ask_a_fixed_number_of_questions(house, django_assert_max_num_queries):
    for number in range(4):
        house.sent(house.offered(form_id=house.written(before_visit(title=f"Form {number}"))), form_version=1)

    with django_assert_max_num_queries(3):
        found = settling.list_waiting(actor=house.doctor, site_id=house.site, now=clock.now())
    with django_assert_max_num_queries(3):
        filling.list_own(actor=house.patient, person_id=house.ada, now=clock.now())

    assert len(found) == 4


def test_the_demo_asks_two_patients_once(house, settings):
    settings.DEMO = True
    about = {"person_ids": [house.ada, house.bo], "now": clock.now()}

    assert facade.seed_forms(**about)
    assert not facade.seed_forms(**about)

    opened = filling.open_form(actor=house.patient, offer_id=FormOffer.objects.get().pk, now=clock.now())
    assert opened.form.title == "Before your visit"
    settings.DEMO = False
    with pytest.raises(Forbidden):
        facade.seed_forms(**about)
