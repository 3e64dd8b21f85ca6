"""Who reads and writes what: "not yours" looks like "not there", on every way in."""

from __future__ import annotations

import pytest
from conversation_house import NOW, QUESTION, House, audited
from django.db import connection

from messaging import reading
from messaging import service as messaging
from messaging.models import Conversation, Reading
from messaging.service import Side, Subject
from steadwell.actor import ANONYMOUS, Actor, Role, system
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import SiteId, UserId, new_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return House()


STRANGERS = ["other", "stranger", "manager", "administrator"]


@pytest.mark.parametrize("who", [*STRANGERS, "desk", "anonymous"])
def test_who_is_on_neither_side_finds_nothing(house, who):
    view = house.started()
    actor = ANONYMOUS if who == "anonymous" else getattr(house, who)

    for side in Side:
        with pytest.raises(NotFound):
            messaging.read_conversation(actor=actor, conversation_id=view.conversation_id, side=side, now=NOW)
    for act in (house.written, house.answered, house.closed):
        with pytest.raises(NotFound):
            act(view, actor=actor)
    with pytest.raises(NotFound):
        house.assigned(view, actor, actor=actor)
    assert (Conversation.objects.get().version, Reading.objects.count()) == (1, 0)
    assert audited("conversation.read") == 0


def test_what_is_not_there_looks_the_same(house):
    view = house.started()

    refused = []
    for conversation_id in (view.conversation_id, new_id()):
        with pytest.raises(NotFound) as found:
            messaging.read_conversation(
                actor=house.other, conversation_id=conversation_id, side=Side.PATIENT, now=NOW
            )
        refused.append((type(found.value), found.value.code, found.value.text))
    assert refused[0] == refused[1]


def test_nobody_writes_on_the_other_side(house):
    view = house.started()

    with pytest.raises(NotFound):
        house.written(view, actor=house.doctor)
    with pytest.raises(NotFound):
        house.answered(view, actor=house.patient)
    with pytest.raises(NotFound):
        messaging.read_conversation(
            actor=house.doctor, conversation_id=view.conversation_id, side=Side.PATIENT, now=NOW
        )


@pytest.mark.parametrize("who", [*STRANGERS, "doctor", "desk"])
def test_nobody_starts_a_conversation_of_somebody_else(house, who):
    with pytest.raises(NotFound):
        house.started(actor=getattr(house, who))
    with pytest.raises(NotFound):
        messaging.list_sites(actor=getattr(house, who), person_id=house.person_id, now=NOW)


def test_who_acts_for_the_patient_reads_and_writes_as_such(house):
    view = house.started(actor=house.parent)

    assert [e.role for e in house.written(view).entries] == ["proxy", "patient"]
    assert house.read(view, house.parent).entries[0].text == QUESTION


@pytest.mark.parametrize(
    ("subject", "reads"),
    [
        (Subject.APPOINTMENT, True), (Subject.OTHER, True), (Subject.MEDICINES, False),
        (Subject.RESULTS, False),
    ],
)  # fmt: skip
def test_the_front_desk_answers_what_is_not_clinical(house, subject, reads):
    view = house.started(subject=subject)

    queue = messaging.list_queue(actor=house.desk, site_id=house.site, now=NOW)

    assert bool(queue) is reads
    assert reading.count_waiting(house.desk) == int(reads)
    assert len(messaging.list_conversations(actor=house.desk, person_id=house.person_id, now=NOW)) == reads
    assert reading.count_waiting(house.doctor) == 1
    if reads:
        assert house.answered(view, actor=house.desk).entries[-1].role == "front-desk"
    else:
        with pytest.raises(NotFound):
            house.answered(view, actor=house.desk)


@pytest.mark.parametrize("who", ["other", "stranger", "manager", "administrator", "patient"])
def test_a_queue_is_for_who_answers_there(house, who):
    with pytest.raises(NotFound):
        messaging.list_queue(actor=getattr(house, who), site_id=house.site, now=NOW)
    with pytest.raises(NotFound):
        messaging.list_team(actor=getattr(house, who), site_id=house.site, now=NOW)


def test_a_patients_list_is_for_their_side_and_for_who_answers_it(house):
    house.started()

    with pytest.raises(NotFound):
        messaging.list_conversations(actor=house.other, person_id=house.person_id, now=NOW)
    assert messaging.list_conversations(actor=house.stranger, person_id=house.person_id, now=NOW) == ()
    assert len(messaging.list_conversations(actor=house.doctor, person_id=house.person_id, now=NOW)) == 1


def test_a_clinician_who_is_the_patient_does_not_answer_themself(house):
    both = Actor(
        user_id=UserId(new_id()), roles=frozenset({Role.CLINICIAN, Role.PATIENT}),
        site_ids=frozenset({house.site}), person_id=house.person_id,
    )  # fmt: skip
    view = house.started(actor=both)

    with pytest.raises(NotFound):
        house.answered(view, actor=both)
    assert messaging.list_queue(actor=both, site_id=house.site, now=NOW) == ()
    assert reading.count_waiting(both) == 0


def test_roles_count_where_they_hold(house):
    mixed = Actor(
        user_id=UserId(new_id()), roles=frozenset({Role.CLINICIAN, Role.FRONT_DESK}),
        site_ids=frozenset({house.site, house.other_site}),
        grants=frozenset({(Role.FRONT_DESK, None), (Role.CLINICIAN, house.other_site)}),
    )  # fmt: skip
    for site in (house.site, house.other_site):
        for subject in Subject:
            house.started(site_id=site, subject=subject)

    found = {
        site: {v.subject for v in messaging.list_queue(actor=mixed, site_id=site, now=NOW)}
        for site in (house.site, house.other_site)
    }

    assert found[house.site] == {Subject.APPOINTMENT, Subject.OTHER}
    assert found[house.other_site] == set(Subject)
    assert reading.count_waiting(mixed) == 6
    assert len(_related(mixed)) == 6


def test_who_answers_everywhere_takes_what_they_see(house):
    everywhere = Actor(
        user_id=UserId(new_id()), roles=frozenset({Role.CLINICIAN}),
        grants=frozenset({(Role.CLINICIAN, None)}),
    )  # fmt: skip

    taken = house.assigned(house.started(), everywhere, actor=everywhere)

    assert taken.assigned_to == everywhere.user_id


def test_the_relation_has_what_its_reader_may_read_and_no_more(house):
    view = house.answered(house.assigned(house.started(), house.doctor))

    assert {who: len(_related(getattr(house, who))) for who in ("patient", "parent", "doctor")} == {
        "patient": 2, "parent": 2, "doctor": 2,
    }  # fmt: skip
    assert [row for who in (*STRANGERS, "desk") for row in _related(getattr(house, who))] == []
    assert len(_related(system("relay"))) == 2
    assert {row[1] for row in _related(house.patient)} == {view.conversation_id}


def _related(actor: Actor) -> list[tuple[object, ...]]:
    found = messaging.describe_message_rows(actor=actor)
    with connection.cursor() as cursor:
        cursor.execute(found.text, list(found.params))
        return cursor.fetchall()


def test_conversations_follow_a_merge_and_part_with_it(house):
    mine, theirs = house.started(), house.started(actor=house.other, person_id=house.other_id)
    before = house.patient

    staff = house.administrator
    identity.merge(
        actor=staff, survivor_id=house.person_id, duplicate_id=house.other_id, reason="Same", now=NOW
    )
    merged = _again(house, before)

    found = messaging.list_conversations(actor=merged, person_id=house.person_id, now=NOW)
    assert {v.conversation_id for v in found} == {mine.conversation_id, theirs.conversation_id}
    assert house.read(theirs, merged).entries[0].text == QUESTION
    assert len(_related(merged)) == 2
    house.answered(theirs)

    identity.unmerge(actor=staff, duplicate_id=house.other_id, reason="Two after all", now=NOW)
    parted = _again(house, before)
    (left,) = messaging.list_conversations(actor=parted, person_id=house.person_id, now=NOW)
    assert left.conversation_id == mine.conversation_id
    with pytest.raises(NotFound):
        messaging.read_conversation(
            actor=parted, conversation_id=theirs.conversation_id, side=Side.PATIENT, now=NOW
        )


def _again(house: House, actor: Actor) -> Actor:
    from steadwell.accounts import service as accounts

    assert actor.user_id is not None
    return accounts.actor_for_user(user_id=actor.user_id, now=house.now)


def test_reads_and_queues_are_audited_per_patient(house):
    house.started()
    house.started(actor=house.other, person_id=house.other_id)

    messaging.list_queue(actor=house.doctor, site_id=house.site, now=NOW)
    messaging.list_conversations(actor=house.patient, person_id=house.person_id, now=NOW)

    assert (audited("conversation.queue"), audited("conversation.list")) == (2, 1)


def test_a_site_nobody_knows_has_no_queue(house):
    with pytest.raises(NotFound):
        messaging.list_queue(actor=house.doctor, site_id=SiteId(new_id()), now=NOW)
