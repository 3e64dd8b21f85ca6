"""What a user may do, read in one statement, and the history of how it came about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from django.db.utils import IntegrityError, InternalError
from django.test.utils import CaptureQueriesContext

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role, system
from steadwell.errors import Invalid
from steadwell.ids import PersonId, PractitionerId, SiteId

pytestmark = pytest.mark.django_db

CLERK = system("test")


def make(email="ada@example.org", roles=(), **given):
    return accounts.create_user(email=email, password=None, roles=roles, now=clock.now(), **given)


def actor_of(user_id, now=None):
    return accounts.actor_for_user(user_id=user_id, now=now or clock.now())


def told_about(person_id, now=None):
    return {each.contact.user_id for each in accounts.list_readers([person_id], now=now or clock.now())}


def test_patient_is_who_has_a_person():
    person = PersonId(uuid4())

    user = make(person_id=person)

    assert actor_of(user).roles == {Role.PATIENT}
    assert actor_of(user).stands_for(person)


def test_staff_role_holds_at_its_sites():
    site, other, practitioner = SiteId(uuid4()), SiteId(uuid4()), PractitionerId(uuid4())

    actor = actor_of(make(roles=[Role.CLINICIAN], site_ids=[site], practitioner_id=practitioner))

    assert actor.has(Role.CLINICIAN)
    assert actor.practitioner_id == practitioner
    assert actor.works_at(site)
    assert not actor.works_at(other)


def test_each_role_holds_at_its_own_site():
    led, staffed, other = SiteId(uuid4()), SiteId(uuid4()), SiteId(uuid4())
    user = make(roles=[Role.MANAGER], site_ids=[led])
    accounts.grant_role(actor=CLERK, user_id=user, role=Role.FRONT_DESK, site_ids=[staffed], now=clock.now())

    with CaptureQueriesContext(connection) as statements:
        actor = actor_of(user)

    assert len(statements) == 1
    assert actor.roles_at(led) == {Role.MANAGER}
    assert actor.roles_at(staffed) == {Role.FRONT_DESK}
    assert actor.roles_at(other) == frozenset()
    assert actor.roles == {Role.MANAGER, Role.FRONT_DESK}
    assert actor.site_ids == {led, staffed}
    assert not actor.works_at(other)


def test_administrator_holds_everywhere_and_nothing_else_does():
    led, other = SiteId(uuid4()), SiteId(uuid4())
    user = make(roles=[Role.MANAGER], site_ids=[led])
    accounts.grant_role(actor=CLERK, user_id=user, role=Role.ADMINISTRATOR, site_ids=[], now=clock.now())

    actor = actor_of(user)

    assert actor.roles_at(led) == {Role.MANAGER, Role.ADMINISTRATOR}
    assert actor.roles_at(other) == {Role.ADMINISTRATOR}


def test_role_without_a_site_holds_at_none():
    site = SiteId(uuid4())
    user = make(roles=[Role.MANAGER])

    assert not actor_of(user).works_at(site)

    accounts.grant_role(actor=CLERK, user_id=user, role=Role.FRONT_DESK, site_ids=[site], now=clock.now())

    assert actor_of(user).roles_at(site) == {Role.FRONT_DESK}


def test_actor_takes_one_statement():
    user = make(roles=[Role.MANAGER, Role.FRONT_DESK], site_ids=[SiteId(uuid4()), SiteId(uuid4())])
    accounts.add_proxy(
        actor=CLERK, user_id=user, person_id=PersonId(uuid4()), relationship="parent", now=clock.now()
    )

    with CaptureQueriesContext(connection) as statements:
        actor = actor_of(user)

    assert len(statements) == 1
    assert actor.roles == {Role.MANAGER, Role.FRONT_DESK, Role.PROXY}


def test_email_is_unique_whatever_its_case():
    make("Ada@Example.org")

    with pytest.raises(accounts.EmailTaken):
        make("ada@example.ORG")


def test_database_refuses_an_address_with_capitals():
    user = make()

    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET email = 'Ada@example.org' WHERE id = %s", [user])


def test_person_has_one_account():
    person = PersonId(uuid4())
    make(person_id=person)

    with pytest.raises(accounts.AlreadyLinked):
        make("other@example.org", person_id=person)


def test_revoked_role_ends_and_stays_known():
    user = make(roles=[Role.FRONT_DESK], site_ids=[SiteId(uuid4())])
    during = clock.now()

    accounts.revoke_role(actor=CLERK, user_id=user, role=Role.FRONT_DESK, site_id=None, now=clock.now())

    assert actor_of(user).roles == frozenset()
    assert actor_of(user, during).roles == {Role.FRONT_DESK}


def test_granting_twice_holds_once():
    user, site = make(), SiteId(uuid4())

    for _ in range(2):
        accounts.grant_role(actor=CLERK, user_id=user, role=Role.CLINICIAN, site_ids=[site], now=clock.now())

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_grant WHERE user_id = %s", [user])
        assert cursor.fetchone() == (1,)


def test_patient_is_not_granted():
    user = make()

    with pytest.raises(Invalid):
        accounts.grant_role(actor=CLERK, user_id=user, role=Role.PATIENT, site_ids=[], now=clock.now())


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland", "UTC"])
def test_proxy_ends_at_the_birthday_in_its_zone(zone):
    user, child = make(), PersonId(uuid4())
    accounts.add_proxy(
        actor=CLERK,
        user_id=user,
        person_id=child,
        relationship="parent",
        until_on=date(2031, 7, 9),
        time_zone=zone,
        now=clock.now(),
    )
    midnight = {
        "America/New_York": datetime(2031, 7, 9, 4, tzinfo=UTC),
        "Pacific/Auckland": datetime(2031, 7, 8, 12, tzinfo=UTC),
        "UTC": datetime(2031, 7, 9, tzinfo=UTC),
    }[zone]

    assert actor_of(user, midnight - timedelta(microseconds=1)).stands_for(child)
    assert not actor_of(user, midnight).stands_for(child)
    assert told_about(child, midnight - timedelta(seconds=1)) == {user}
    assert told_about(child, midnight) == set()


def test_ended_proxy_no_longer_counts():
    user, child = make(), PersonId(uuid4())
    right = accounts.add_proxy(
        actor=CLERK, user_id=user, person_id=child, relationship="guardian", now=clock.now()
    )

    accounts.end_proxy(actor=CLERK, proxy_id=right, now=clock.now())

    assert not actor_of(user).stands_for(child)
    assert told_about(child) == set()


def test_contact_is_the_patients_own():
    person = PersonId(uuid4())
    user = make(person_id=person, language="es", time_zone="America/Chicago")

    contact = accounts.contact_of(person)

    assert contact == accounts.Contact(
        user_id=user, email="ada@example.org", language="es", time_zone="America/Chicago"
    )
    assert accounts.contact_of(PersonId(uuid4())) is None


def test_those_to_tell_are_the_patient_and_the_proxies():
    person = PersonId(uuid4())
    patient, parent, stranger = make(person_id=person), make("p@example.org"), make("s@example.org")
    accounts.add_proxy(actor=CLERK, user_id=parent, person_id=person, relationship="parent", now=clock.now())

    assert told_about(person) == {patient, parent}
    assert stranger not in told_about(person)


@pytest.mark.parametrize("table", ["accounts_grant", "accounts_proxy"])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM {}",
        "UPDATE {} SET valid_from = valid_from - interval '1 day'",
        "UPDATE {} SET valid_until = now(), valid_from = valid_from - interval '1 day'",
        "UPDATE {} SET user_id = user_id, valid_until = NULL",
    ],
)
def test_rights_are_never_rewritten(table, statement):
    user = make(roles=[Role.CLINICIAN])
    accounts.add_proxy(
        actor=CLERK, user_id=user, person_id=PersonId(uuid4()), relationship="parent", now=clock.now()
    )

    with pytest.raises((InternalError, IntegrityError)), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


def test_closed_right_stays_closed():
    user = make(roles=[Role.CLINICIAN])
    accounts.revoke_role(actor=CLERK, user_id=user, role=Role.CLINICIAN, site_id=None, now=clock.now())

    with pytest.raises((InternalError, IntegrityError)), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_grant SET valid_until = NULL, revoked_by = NULL")


def test_rights_are_not_emptied_even_by_the_owner(owner_connection):
    with pytest.raises(psycopg.errors.RestrictViolation):
        owner_connection.execute("TRUNCATE accounts_grant")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "America", "../etc/passwd", "x" * 300])
def test_made_up_time_zones_are_refused(zone):
    user = make()

    with pytest.raises(accounts.UnknownTimeZone):
        make("other@example.org", time_zone=zone)
    with pytest.raises(accounts.UnknownTimeZone):
        accounts.add_proxy(
            actor=CLERK,
            user_id=user,
            person_id=PersonId(uuid4()),
            relationship="parent",
            time_zone=zone,
            now=clock.now(),
        )
