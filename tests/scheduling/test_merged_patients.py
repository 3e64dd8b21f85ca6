"""Two records turn out to be one patient: their visits are one's, and apart again after an un-merge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from readers import person
from small_clinic import NOW, TUESDAY, Clinic, clinician, key

from notifications import service as notifications
from scheduling import models
from scheduling import service as scheduling
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role, system
from steadwell.errors import NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId, new_id

pytestmark = pytest.mark.django_db
STAFF = Actor(user_id=UserId(new_id()), roles=frozenset({Role.ADMINISTRATOR}))


@dataclass
class Pair:
    """Two records, each with an account of its own. Their actors are read afresh, as by each request."""

    first: PersonId
    second: PersonId
    first_user: UserId
    second_user: UserId

    @property
    def one(self) -> Actor:
        return accounts.actor_for_user(user_id=self.first_user, now=NOW)

    @property
    def two(self) -> Actor:
        return accounts.actor_for_user(user_id=self.second_user, now=NOW)

    def merge(self) -> None:
        identity.merge(actor=STAFF, survivor_id=self.first, duplicate_id=self.second, reason="Same", now=NOW)

    def unmerge(self) -> None:
        identity.unmerge(actor=STAFF, duplicate_id=self.second, reason="Not the same", now=NOW)


@pytest.fixture
def pair() -> Pair:
    first, second = person("Ada"), person("Ida")
    return Pair(first, second, account(first), account(second))


def account(person_id: PersonId | None = None) -> UserId:
    return accounts.create_user(
        email=f"{new_id()}@example.org", password=None, roles=[], person_id=person_id, now=NOW
    )


def visits(actor: Actor, person_id: PersonId) -> list[PersonId]:
    found = scheduling.list_for_patient(actor=actor, person_id=person_id, now=NOW)
    return [visit.person_id for visit in found]


def test_both_records_show_all_visits_while_merged(pair: Pair):
    clinic = Clinic()
    clinic.book(pair.one, 9)
    clinic.book(pair.two, 10)

    pair.merge()

    for actor, asked in ((pair.one, pair.first), (pair.two, pair.second), (clinic.desk, pair.second)):
        assert visits(actor, asked) == [pair.first, pair.second]
    pair.unmerge()
    assert visits(pair.one, pair.first) == [pair.first]
    assert visits(clinic.desk, pair.second) == [pair.second]
    with pytest.raises(NotFound):
        visits(pair.one, pair.second)


def test_either_account_changes_the_other_record_s_visit_while_merged(pair: Pair):
    clinic = Clinic()
    visit = clinic.book(pair.two, 9)
    pair.merge()

    scheduling.cancel(
        actor=pair.one, appointment_id=visit.appointment_id, reason="", request_key=key(), now=NOW
    )

    shown = scheduling.get_appointment(actor=pair.two, appointment_id=visit.appointment_id, now=NOW)
    assert shown.cancelled_by is scheduling.CancelledBy.PATIENT
    sources = models.AppointmentVersion.objects.order_by("version").values_list("source", flat=True)
    assert list(sources) == ["patient", "patient"]


def by_patient(clinic: Clinic, pair: Pair) -> Actor:
    return pair.two


def by_desk(clinic: Clinic, pair: Pair) -> Actor:
    return clinic.desk


@pytest.mark.parametrize("booker", [by_patient, by_desk])
@pytest.mark.parametrize("merged_first", [True, False])
def test_a_merged_patient_is_never_in_two_visits_at_once(
    pair: Pair, booker: Callable[[Clinic, Pair], Actor], merged_first: bool
):
    clinic = Clinic(rooms=2)
    other = clinician(clinic.site)
    if merged_first:
        pair.merge()
    clinic.book(pair.one, 9)
    if not merged_first:
        pair.merge()
    who = booker(clinic, pair)

    with pytest.raises(scheduling.PatientBusy):
        scheduling.book_direct(
            actor=who,
            person_id=pair.second,
            offer=clinic.offer(9, clinician=other),
            request_key=key(),
            now=NOW,
        )

    assert "09:00" not in clinic.open_times(who=who, person_id=pair.second)


def test_a_booking_that_did_not_know_of_the_merge_is_refused(pair: Pair):
    here, there = Clinic(), Clinic()
    knew_nothing = pair.two  # read before the merge, books after it
    pair.merge()
    here.book(pair.one, 9)

    claims = models.Claim.objects.filter(kind__in=["patient", "alias"]).order_by("kind")
    assert {(claim.claimant_id, claim.kind) for claim in claims} == {
        (pair.first, "patient"),
        (pair.second, "alias"),
    }
    with pytest.raises(scheduling.PatientBusy):
        scheduling.book_direct(
            actor=here.desk, person_id=pair.second, offer=here.offer(9), request_key=key(), now=NOW
        )
    with pytest.raises(scheduling.PatientBusy):
        there.book(knew_nothing, 9)


def test_a_merge_leaves_visits_that_overlap_as_they_are(pair: Pair):
    here, there = Clinic(), Clinic()
    one, two = here.book(pair.one, 9), there.book(pair.two, 9)

    pair.merge()
    moved = scheduling.reschedule(
        actor=pair.one, appointment_id=two.appointment_id, offer=there.offer(10), request_key=key(), now=NOW
    )

    assert moved.person_id == pair.second
    assert visits(pair.two, pair.first) == [pair.first, pair.second]
    assert one.starts_at < moved.starts_at


def test_an_unmerge_gives_each_record_its_own_time_back(pair: Pair):
    here, there = Clinic(), Clinic()
    pair.merge()
    here.book(pair.two, 9)
    pair.unmerge()

    assert "09:00" in there.open_times(who=pair.one, person_id=pair.first)
    there.book(pair.one, 9)
    with pytest.raises(scheduling.PatientBusy):
        there.book(pair.two, 9)

    own = models.Claim.objects.filter(kind="patient")
    assert {claim.claimant_id for claim in own} == {pair.first, pair.second}
    assert not models.Claim.objects.filter(kind="alias").exists()


def test_a_hold_outlives_the_unmerge(pair: Pair):
    here, there = Clinic(), Clinic()
    pair.merge()
    held = here.hold(pair.two, 9)
    pair.unmerge()
    there.book(pair.one, 9)

    booked = scheduling.book(actor=pair.two, hold_id=held.hold_id, request_key=key(), now=NOW)

    assert booked.person_id == pair.second


def test_one_user_holds_one_time_for_a_merged_patient(pair: Pair):
    clinic = Clinic()
    former = clinic.hold(pair.one, 9)
    pair.merge()

    held = scheduling.hold(actor=pair.one, person_id=pair.second, offer=clinic.offer(10), now=NOW)

    assert models.Hold.objects.values_list("id", flat=True).get() == held.hold_id != former.hold_id


@pytest.mark.parametrize(
    ("cap", "on"), [("cap_per_day", TUESDAY), ("cap_ahead", TUESDAY + timedelta(days=1))]
)
def test_caps_count_both_records(pair: Pair, cap: str, on: object):
    clinic = Clinic(site_fields={cap: 2})
    clinic.book(pair.one, 9)
    clinic.book(pair.two, 10)
    pair.merge()

    with pytest.raises(scheduling.CapReached):
        clinic.book(pair.two, 11, on=on)

    pair.unmerge()
    clinic.book(pair.two, 11, on=on)


def test_a_proxy_stands_for_every_record_of_a_person_and_sees_them_once(pair: Pair):
    helper = account(person("Pat"))
    for person_id in (pair.first, pair.second):
        accounts.add_proxy(
            actor=system("test"), user_id=helper, person_id=person_id, relationship="parent", now=NOW
        )
    clinic = Clinic()
    clinic.book(pair.two, 9)
    assert accounts.actor_for_user(user_id=helper, now=NOW).proxy_for == {pair.first, pair.second}

    pair.merge()
    actor = accounts.actor_for_user(user_id=helper, now=NOW)

    assert actor.proxy_for == {pair.first}
    assert actor.stands_for(pair.second)
    assert actor.known_as(pair.second) == pair.first
    assert visits(actor, pair.first) == [pair.second]


def test_a_proxy_of_what_turns_out_to_be_oneself_is_only_oneself(pair: Pair):
    accounts.add_proxy(
        actor=system("test"), user_id=pair.first_user, person_id=pair.second, relationship="parent", now=NOW
    )
    pair.merge()

    actor = pair.one

    assert (actor.proxy_for, actor.person_id) == (frozenset(), pair.first)
    assert actor.roles == {Role.PATIENT}


def test_a_calendar_address_shows_both_records_and_is_replaced_by_a_new_one(pair: Pair):
    clinic = Clinic()
    clinic.book(pair.one, 9)
    clinic.book(pair.two, 10)
    address = scheduling.make_feed(actor=pair.one, person_id=pair.first, now=NOW)

    def events() -> int:
        return scheduling.feed_for_token(token=address.token, now=NOW).count(b"BEGIN:VEVENT")

    assert events() == 1
    pair.merge()
    assert events() == 2
    scheduling.make_feed(actor=pair.one, person_id=pair.second, now=NOW)
    with pytest.raises(NotFound):
        events()


def test_the_badge_counts_what_either_record_was_told(pair: Pair):
    for number, person_id in enumerate((pair.first, pair.second)):
        notifications.tell(
            person_id=person_id, template="visit.booked", key=f"k{number}", about=None, now=NOW,
            params={"starts_at": "2026-06-02T09:00:00-04:00", "zone": "America/New_York", "path": "/visits/"},
        )  # fmt: skip
    assert notifications.unread_count(pair.one, [pair.first]) == 1

    pair.merge()

    assert notifications.unread_count(pair.one, [pair.first]) == 2
