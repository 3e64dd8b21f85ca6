"""Canaries: a name, a birth date, a record number and the patient's own words are planted, then used.

Nothing that is logged, traced, counted, queued, kept in Valkey or put into an address may sing of them.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import date, timedelta

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from signing_in import sign_in

from scheduling import models
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, SiteId
from steadwell.observability.service import recorded_spans
from steadwell.outbox.deliveries import deliver
from steadwell.outbox.relay import Relay

pytestmark = pytest.mark.django_db(transaction=True)

GIVEN, FAMILY, BORN, NUMBER = "Zibethina", "Quillfeather", date(1931, 7, 23), "CANARY-4471903"
NOTE, REASON, KIND, PHONE = "My marmalade allergy", "Wombat trouble", "Ferret counselling", "+12075550191"
SONGS = [
    GIVEN,
    FAMILY,
    "1931-07-23",
    "July 23, 1931",
    "07/23/1931",
    NUMBER,
    NOTE,
    REASON,
    KIND,
    PHONE,
    "marmalade",
]


def heard(where: str, text: str) -> list[str]:
    """Which canaries sing in a text, also with the spaces of an address."""
    flat = text.replace("+", " ").replace("%20", " ").lower()
    return [f"{where}: {song}" for song in SONGS if song.lower().lstrip("+") in flat]


def test_a_planted_song_is_heard():
    assert heard("log", "event=booked patient=quillfeather") == ["log: Quillfeather"]
    assert heard("url", "/visits/?note=My%20marmalade+allergy") != []
    assert heard("log", "event=booked patient=01a205") == []


@pytest.fixture
def valkey():
    address = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://")
    client = redis.Redis.from_url(address, socket_timeout=60)
    client.flushdb()
    yield client
    client.flushdb()


@pytest.fixture
def place():
    organisation = models.Organisation.objects.create(name="Steadwell Clinics")
    site = models.Site.objects.create(organisation=organisation, name="Harbour", time_zone="America/New_York")
    kind = models.VisitType.objects.create(
        organisation=organisation, name=KIND, code="visit", minutes=30, speciality="general-practice"
    )
    doctor = models.Practitioner.objects.create(name="Dr. Reyes", specialities=["general-practice"])
    models.WeeklyHours.objects.bulk_create(
        models.WeeklyHours(
            practitioner=doctor,
            site=site,
            weekday=weekday,
            starts="09:00",
            ends="12:00",
            valid_from=date(2026, 1, 1),
        )
        for weekday in range(7)
    )
    return site, kind


def patient() -> tuple[Client, PersonId]:
    person_id = identity.register(
        actor=system("import"),
        source="north",
        external_id=NUMBER,
        demographics=identity.Demographics(
            family_name=FAMILY, given_name=GIVEN, birth_date=BORN, phone=PHONE, email="reader@example.org"
        ),
        identifiers=[identity.Identifier(system="north", type="MR", value=NUMBER)],
        now=clock.now(),
    )
    user_id = accounts.create_user(
        email="reader@example.org", password=None, roles=[], person_id=person_id, now=clock.now()
    )
    return sign_in(Client(), user_id), person_id


def desk(site_id: SiteId) -> Client:
    user_id = accounts.create_user(
        email="desk@example.org", password=None, roles=[Role.FRONT_DESK], site_ids=[site_id], now=clock.now()
    )
    return sign_in(Client(), user_id)


class Journey:
    """What was asked for and answered on the way, addresses and titles."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.titles: list[str] = []

    def note(self, answer) -> None:
        self.addresses.append(answer.request["PATH_INFO"] + "?" + answer.request["QUERY_STRING"])
        self.addresses += [url for url, _status in getattr(answer, "redirect_chain", [])]
        page = answer.content.decode()
        self.addresses += re.findall(r'(?:href|action|hx-get)="([^"]*)"', page)
        self.titles += re.findall(r"<title>(.*?)</title>", page, flags=re.DOTALL)

    def get(self, client: Client, path: str, **words: str):
        answer = client.get(path, words, follow=True)
        assert answer.status_code == 200, (path, answer.status_code)
        self.note(answer)
        return answer.content.decode()

    def post(self, client: Client, path: str, **words: str):
        answer = client.post(path, words, follow=True)
        assert answer.status_code == 200, (path, answer.status_code)
        self.note(answer)
        return answer.content.decode()


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found.group(1)


def walk(journey: Journey, reader: Client, kind_id: str) -> str:
    """The patient's whole way; returns the visit's address."""
    journey.get(reader, "/")
    journey.get(reader, "/visits/find/")
    found = journey.get(reader, "/visits/find/", type=kind_id, on=str(clock.now().date() + timedelta(days=3)))
    offers = re.findall(r'name="offer" value="([^"]+)"', found)
    review = journey.post(reader, "/visits/hold/", offer=offers[0])
    hold = models.Hold.objects.get().pk
    form = {name: hidden(review, name) for name in ("request_key", "offer")}
    journey.post(reader, f"/visits/hold/{hold}/", **form, note=NOTE)
    visit = f"/visits/{hold}/"
    moving = journey.get(reader, visit + "move/review/", offer=offers[2])
    form = {name: hidden(moving, name) for name in ("request_key", "offer", "seen")}
    journey.post(reader, visit + "move/review/", **form)
    journey.get(reader, "/visits/")
    return visit


def cancel(journey: Journey, reader: Client, visit: str) -> None:
    page = journey.get(reader, visit + "cancel/")
    journey.post(reader, visit + "cancel/", request_key=hidden(page, "request_key"), words=REASON)
    assert REASON in journey.get(reader, visit)


def hand_over_and_work(valkey: redis.Redis) -> str:
    """The relay hands promised work to a real Valkey; everything it holds then; and the work is done."""
    relay, seen = Relay(), ""
    for _round in range(6):
        relay.step()
        seen += _contents(valkey)
        for number in _taken(valkey):
            deliver(delivery_id=number, now=clock.now())
    assert "outbox.deliver" in seen, "nothing was handed over, so nothing was looked at"
    return seen


def _contents(valkey: redis.Redis) -> str:
    found = []
    for key in valkey.scan_iter(count=1000):
        kind = valkey.type(key)
        value = {b"list": lambda k: valkey.lrange(k, 0, -1), b"hash": valkey.hgetall, b"set": valkey.smembers}
        found.append(f"{key!r} {value.get(kind, valkey.dump)(key)!r}")
        if kind == b"list":
            found += [base64.b64decode(json.loads(m)["body"]).decode() for m in valkey.lrange(key, 0, -1)]
    return "\n".join(found)


def _taken(valkey: redis.Redis) -> list[int]:
    numbers: list[int] = []
    for queue in settings.CELERY_TASK_QUEUES:
        while message := valkey.lpop(queue):
            _args, kwargs, _options = json.loads(base64.b64decode(json.loads(message)["body"]))
            numbers += kwargs["delivery_ids"]
    return numbers


def kept_for_later() -> str:
    """What the ledger carries to others: events and due rows, ids and codes only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(t::text, E'\\n') FROM (SELECT row_to_json(e) t FROM outbox_outboxevent e"
            " UNION ALL SELECT row_to_json(d) FROM outbox_outboxdue d) all_rows"
        )
        return cursor.fetchone()[0] or ""


def test_no_canary_sings(place, valkey, capfd, caplog):
    site, kind = place
    reader, person_id = patient()
    staff, journey = desk(SiteId(site.pk)), Journey()

    with recorded_spans() as spans:
        visit = walk(journey, reader, str(kind.pk))
        held = hand_over_and_work(valkey)
        cancel(journey, reader, visit)
        held += hand_over_and_work(valkey)
        journey.get(reader, "/inbox/")
        for path in ("/", "/clinic/"):
            staff.get(path, follow=True)
        staff.get(f"/visits/{person_id}/nothing")  # an address that does not exist is logged too
    out, err = capfd.readouterr()
    counted = Client().get("/metrics").content.decode()

    assert "http.request_answered" in out + err, "no log was heard"
    assert spans
    sung = [
        *heard("log", out + err + caplog.text),
        *heard(
            "trace", "\n".join(f"{s.name} {s.attributes} {s.events} {s.status.description}" for s in spans)
        ),
        *heard("metric", counted),
        *heard("Valkey", held),
        *heard("ledger", kept_for_later()),
        *(line for address in journey.addresses for line in heard(f"address {address}", address)),
        *(line for title in journey.titles for line in heard(f"title {title}", title)),
    ]
    assert sung == []
