"""Every change of an account is recorded or does not happen; nobody writes what is not theirs to write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from unittest.mock import patch
from uuid import uuid4

import pytest
from accounts.people import make_patient, make_staff, type_password
from allauth.mfa.models import Authenticator
from django.db import connection, transaction
from signing_in import sign_in

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.accounts.models import User
from steadwell.actor import Role, system
from steadwell.audit.errors import AuditUnavailable
from steadwell.ids import PersonId

pytestmark = pytest.mark.django_db

CLERK = system("test")


def _state() -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.id::text, u.is_active::text, u.person_id::text, u.language FROM accounts_user u"
            " UNION ALL SELECT g.id::text, g.role, g.valid_until::text, '' FROM accounts_grant g"
            " UNION ALL SELECT p.id::text, p.relationship, p.valid_until::text, '' FROM accounts_proxy p"
            " UNION ALL SELECT s.id::text, '', '', '' FROM accounts_session s ORDER BY 1"
        )
        return cursor.fetchall()


def _writes() -> dict[str, Callable[[dict[str, object]], object]]:
    now = clock.now()
    return {
        "create": lambda it: accounts.create_user(
            email="new@example.org", password=None, roles=[Role.MANAGER], now=now
        ),
        "grant": lambda it: accounts.grant_role(
            actor=CLERK, user_id=it["user"], role=Role.MANAGER, site_ids=[], now=now
        ),
        "revoke": lambda it: accounts.revoke_role(
            actor=CLERK, user_id=it["user"], role=Role.FRONT_DESK, site_id=None, now=now
        ),
        "disable": lambda it: accounts.disable_user(actor=CLERK, user_id=it["user"], now=now),
        "link": lambda it: accounts.link_person(
            actor=CLERK, user_id=it["user"], person_id=PersonId(uuid4()), now=now
        ),
        "add_proxy": lambda it: accounts.add_proxy(
            actor=CLERK, user_id=it["user"], person_id=PersonId(uuid4()), relationship="parent", now=now
        ),
        "end_proxy": lambda it: accounts.end_proxy(actor=CLERK, proxy_id=it["proxy"], now=now),
        "sign_out": lambda it: accounts.sign_out_everywhere(actor=CLERK, user_id=it["user"], now=now),
        "preferences": lambda it: accounts.set_preferences(
            actor=CLERK, user_id=it["user"], language="es", time_zone="UTC", now=now
        ),
    }


@pytest.mark.parametrize("name", list(_writes()))
def test_change_that_cannot_be_recorded_does_not_happen(client, name):
    user = make_staff()
    sign_in(client, user)
    proxy = accounts.add_proxy(
        actor=CLERK,
        user_id=user,
        person_id=PersonId(uuid4()),
        relationship="guardian",
        until_on=date(2040, 1, 1),
        now=clock.now(),
    )
    before = _state()

    with (
        patch("steadwell.audit.service.record", side_effect=AuditUnavailable),
        pytest.raises(AuditUnavailable),
        transaction.atomic(),
    ):
        _writes()[name]({"user": user, "proxy": proxy})

    assert _state() == before


@pytest.mark.parametrize(
    "extra",
    [
        {"is_staff": "1", "is_active": "1", "is_superuser": "1"},
        {"role": "administrator", "roles": "administrator"},
        {"person_id": str(uuid4()), "practitioner_id": str(uuid4())},
        {"id": str(uuid4()), "is_demo": "1", "created_at": "2000-01-01"},
    ],
)
def test_extra_fields_of_a_sign_up_change_nothing(client, extra):
    client.post(
        "/accounts/signup/", {"email": "new@example.org", "password1": "four yellow lanterns", **extra}
    )

    user = User.objects.get(email="new@example.org")
    assert accounts.actor_for_user(user_id=user.pk, now=clock.now()).roles == frozenset()
    assert (user.person_id, user.practitioner_id, user.is_demo) == (None, None, False)
    assert str(user.pk) != extra.get("id")


def test_extra_fields_of_a_link_change_nobody_else(client):
    other = make_patient("other@example.org", person_id=None)
    sign_in(client, make_patient(person_id=None))

    client.post(
        "/accounts/link/",
        {"number": "SW1", "birth_date": "1971-03-09", "user_id": str(other), "person_id": str(uuid4())},
    )

    assert not User.objects.exclude(person_id=None).exists()


def test_passkeys_of_others_are_not_there(client):
    owner = make_patient("other@example.org")
    key = Authenticator.objects.create(
        user_id=owner, type=Authenticator.Type.WEBAUTHN, data={"name": "Theirs", "credential": {}}
    )
    make_patient()
    type_password(client)

    for path in ("edit", "remove"):
        theirs = client.get(f"/accounts/2fa/webauthn/keys/{key.pk}/{path}/")
        nobodys = client.get(f"/accounts/2fa/webauthn/keys/{key.pk + 1000}/{path}/")
        assert (theirs.status_code, nobodys.status_code) == (404, 404)
        client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/{path}/", {"name": "Mine"})

    assert Authenticator.objects.get(pk=key.pk).data["name"] == "Theirs"
