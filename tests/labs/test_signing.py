"""Signing what one has read: alone, several at once, with a comment; of two who sign one does."""

from __future__ import annotations

import pytest
from review_house import NOW, ReviewHouse, carry, corrected, key, potassium, sign, timedelta

from labs.models import ReportComment, Signature
from labs.review import signing
from labs.review.errors import AlreadySigned, NewerVersion, NotNormal
from labs.review.inbox import Who
from labs.types import Status
from notifications.models import Message
from steadwell.accounts import service as accounts
from steadwell.errors import Invalid, NotFound, RequestKeyReused

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def house():
    return ReviewHouse()


def test_sign_closes_the_task_and_tells_it(house):
    filed = house.file()

    sign(house, filed, comment="All well.", note="Repeat in a year.", talked=True)

    assert house.tasks() == []
    (done,) = house.tasks(who=Who.DONE)
    assert done.report_id == filed.report_id
    signature = Signature.objects.get(report_id=filed.report_id)
    assert (signature.signed_by, signature.talked, signature.in_bulk) == (house.doctor.user_id, True, False)


def test_sign_repeated_is_one_signature_and_another_body_is_refused(house):
    filed, again_key = house.file(), key()
    sign(house, filed, request_key=again_key)
    sign(house, filed, request_key=again_key)

    with pytest.raises(RequestKeyReused):
        sign(house, filed, request_key=again_key, comment="Else")


def test_sign_of_what_a_colleague_signed_says_who(house):
    filed = house.file()
    sign(house, filed, actor=house.colleague)

    with pytest.raises(AlreadySigned) as refused:
        sign(house, filed)
    assert "Sol Aberg" in refused.value.text


def test_sign_of_an_older_version_is_refused_as_stale(house):
    first, second = corrected(house)
    filed = house.file(first)
    house.file(second, now=LATER)

    with pytest.raises(NewerVersion) as refused:
        sign(house, filed, now=LATER)
    assert refused.value.current == 2
    assert len(house.tasks()) == 1


@pytest.mark.parametrize("who", ["stranger", "manager"])
def test_sign_by_another_site_or_role_is_not_there(house, who):
    filed = house.file()

    with pytest.raises(NotFound):
        sign(house, filed, actor=getattr(house, who))


def test_sign_normal_signs_several_at_once(house):
    house.file(house.say(potassium("4.0")))
    house.file(house.say(potassium("4.4")))

    done = signing.sign_normal(
        actor=house.doctor, task_ids=[line.task_id for line in house.tasks()], request_key=key(), now=NOW
    )

    assert (done.signed, done.passed_over) == (2, 0)
    assert house.tasks() == []


@pytest.mark.parametrize("what", ["abnormal", "preliminary", "corrected"])
def test_sign_normal_refuses_all_where_one_is_not_plain(house, what):
    house.file()
    if what == "corrected":
        for said in corrected(house):
            house.file(said)
    else:
        status = Status.PRELIMINARY if what == "preliminary" else Status.FINAL
        flags = ("H",) if what == "abnormal" else ()
        house.file(house.say(potassium(flags=flags, status=status), status=status))

    with pytest.raises(NotNormal):
        signing.sign_normal(
            actor=house.doctor, task_ids=[line.task_id for line in house.tasks()], request_key=key(), now=NOW
        )
    assert len(house.tasks()) == 2


def test_sign_normal_passes_over_what_a_colleague_signed(house):
    mine, theirs = house.file(), house.file()
    chosen = [line.task_id for line in house.tasks()]
    sign(house, theirs, actor=house.colleague)

    done = signing.sign_normal(actor=house.doctor, task_ids=chosen, request_key=key(), now=NOW)

    assert (done.signed, done.passed_over) == (1, 1)
    assert mine.report_id != theirs.report_id


def test_comment_is_for_the_patient_or_for_colleagues(house):
    filed = house.file()
    for text, to_patient in (("Well done.", True), ("Call the pharmacy.", False)):
        signing.comment(
            actor=house.doctor, report_id=filed.report_id, version=1, text=text, to_patient=to_patient,
            request_key=key(), now=NOW,
        )  # fmt: skip

    said = ReportComment.objects.filter(report_id=filed.report_id).order_by("pk")
    assert [(each.text, each.audience) for each in said] == [
        ("Well done.", "patient"), ("Call the pharmacy.", "clinic"),
    ]  # fmt: skip
    with pytest.raises(Invalid):
        signing.comment(
            actor=house.doctor, report_id=filed.report_id, version=1, text=" ", to_patient=True,
            request_key=key(), now=NOW,
        )  # fmt: skip


def test_patient_is_told_of_a_comment_on_what_they_see_already_and_only_then(house):
    accounts.create_user(email="ada@example.org", password=None, roles=[], person_id=house.person_id, now=NOW)
    filed = house.file(house.say(issued_at=NOW), carried=False)
    carry(tell=True)
    sign(house, filed, comment="All well.", now=LATER)
    carry(LATER, tell=True)

    told = Message.objects.filter(channel="in-app").values_list("template", flat=True)
    assert sorted(told) == ["result.comment", "result.ready"]
