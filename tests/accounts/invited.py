"""What the desk and the invited do, for the tests of invitations and codes."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit
from uuid import uuid4

from accounts.people import EMAIL, PASSWORD

from steadwell import clock
from steadwell.accounts import letters
from steadwell.accounts import service as accounts
from steadwell.accounts.models import Letter
from steadwell.actor import Actor, Role, system
from steadwell.identity import service as identity
from steadwell.ids import SiteId, UserId, new_id

BORN = date(1971, 3, 9)
WELCOME = "/accounts/invitation/"
DESK = Actor(
    user_id=UserId(new_id()), roles=frozenset({Role.FRONT_DESK}), site_ids=frozenset({SiteId(new_id())})
)


def register(born=BORN, **more):
    return identity.register(
        actor=system("test"),
        source="test",
        external_id=str(uuid4()),
        demographics=identity.Demographics(family_name="Lovelace", given_name="Ada", birth_date=born, **more),
        identifiers=[],
        now=clock.now(),
    )


def invite(person_id, email=EMAIL, actor=DESK, now=None):
    accounts.invite(actor=actor, person_id=person_id, email=email, now=now or clock.now())


def latest_letter():
    letter = Letter.objects.latest("created_at", "id")
    return letter, letters.read(letter)


def link_in(text):
    return urlsplit(re.search(r"https?://\S+", text)[0]).path


def follow(client, path=None):
    client.get(path or link_in(latest_letter()[1]))


def say_birth_date(client, born=BORN):
    return client.post(WELCOME, {"birth_date": str(born)})


def set_password(client, password=PASSWORD):
    return client.post(WELCOME, {"password": password})


def access(person_id):
    return accounts.portal_access(actor=DESK, person_id=person_id, now=clock.now())
