"""A clinic whose patients write: two sites, their staff, two patients and one who acts for the first."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from itertools import count
from typing import Any
from uuid import UUID

import small_clinic
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from signing_in import sign_in

from messaging import service as messaging
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role, system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId, new_id

# A Monday, 10:00 in New York.
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
QUESTION = "May I take it with milk?"
ANSWER = "Yes, with or without."
_serial = count(1)


def key() -> str:
    return str(new_id())


def person(family: str = "Okafor") -> PersonId:
    number = f"MR-{next(_serial)}"
    return identity.register(
        actor=system("import"), source="steadwell", external_id=number,
        demographics=identity.Demographics(
            family_name=family, given_name="Ada", birth_date=date(1970, 3, 12), sex="female"
        ),
        identifiers=[identity.Identifier(system="clinic", type="MR", value=number)],
        now=NOW - timedelta(days=30),
    )  # fmt: skip


class House:
    """``doctor`` and ``desk`` work at ``site``; ``stranger`` at another one."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.site = small_clinic.site(name="Alder Street", phone="+1 207 555 0100")
        self.other_site = small_clinic.site(name="Birch Lane")
        self.doctor = self.staff(Role.CLINICIAN, self.site, "Wren Halloran")
        self.colleague = self.staff(Role.CLINICIAN, self.site, "Ines Corte")
        self.desk = self.staff(Role.FRONT_DESK, self.site)
        self.stranger = self.staff(Role.CLINICIAN, self.other_site, "Tomas Vale")
        self.manager = self.staff(Role.MANAGER, self.site)
        self.administrator = self.staff(Role.ADMINISTRATOR, self.site)
        self.person_id, self.other_id = person(), person("Canary")
        self.patient, self.other = self.account(self.person_id), self.account(self.other_id)
        self.parent = self.proxy_of(self.person_id)

    def staff(self, role: Role, site: SiteId, name: str = "") -> Actor:
        practitioner_id: PractitionerId | None = small_clinic.clinician(site, name=name) if name else None
        user_id = accounts.create_user(
            email=f"{new_id()}@example.org", password=None, roles=[role],
            site_ids=[] if role is Role.ADMINISTRATOR else [site], now=self.now - timedelta(days=1),
            practitioner_id=practitioner_id,
        )  # fmt: skip
        return accounts.actor_for_user(user_id=user_id, now=self.now)

    def account(self, person_id: PersonId) -> Actor:
        user_id = accounts.create_user(
            email=f"p{next(_serial)}-{new_id()}@example.org", password=None, roles=[], person_id=person_id,
            now=self.now - timedelta(days=1),
        )  # fmt: skip
        return accounts.actor_for_user(user_id=user_id, now=self.now)

    def proxy_of(self, person_id: PersonId) -> Actor:
        user_id = accounts.create_user(
            email=f"x{new_id()}@example.org", password=None, roles=[], now=self.now - timedelta(days=1)
        )
        accounts.add_proxy(
            actor=system("import"), user_id=user_id, person_id=person_id, relationship="parent",
            now=self.now - timedelta(days=1),
        )  # fmt: skip
        return accounts.actor_for_user(user_id=user_id, now=self.now)

    def client(self, actor: Actor) -> Client:
        assert actor.user_id is not None
        return sign_in(Client(), UserId(actor.user_id))

    def started(self, **more: Any) -> messaging.ConversationView:
        return messaging.start_conversation(
            **{
                "actor": self.patient, "person_id": self.person_id, "site_id": self.site,
                "subject": messaging.Subject.MEDICINES, "text": QUESTION, "request_key": key(),
                "now": self.now,
            }
            | more
        )  # fmt: skip

    def written(self, view: messaging.ConversationView, **more: Any) -> messaging.ConversationView:
        return messaging.write_message(
            **{
                "actor": self.patient, "conversation_id": view.conversation_id, "text": "And with juice?",
                "request_key": key(), "now": self.now,
            }
            | more
        )  # fmt: skip

    def answered(self, view: messaging.ConversationView, **more: Any) -> messaging.ConversationView:
        return messaging.answer(
            **{
                "actor": self.doctor, "conversation_id": view.conversation_id, "seen_version": view.version,
                "text": ANSWER, "request_key": key(), "now": self.now,
            }
            | more
        )  # fmt: skip

    def closed(self, view: messaging.ConversationView, **more: Any) -> messaging.ConversationView:
        return messaging.close_conversation(
            **{
                "actor": self.doctor, "conversation_id": view.conversation_id, "seen_version": view.version,
                "reason": "We spoke on the telephone.", "request_key": key(), "now": self.now,
            }
            | more
        )  # fmt: skip

    def assigned(
        self, view: messaging.ConversationView, to: Actor | None, **more: Any
    ) -> messaging.ConversationView:
        return messaging.assign_conversation(
            **{
                "actor": self.doctor, "conversation_id": view.conversation_id, "seen_version": view.version,
                "to": to.user_id if to else None, "request_key": key(), "now": self.now,
            }
            | more
        )  # fmt: skip

    def read(
        self, view: messaging.ConversationView, actor: Actor, now: datetime | None = None
    ) -> messaging.ConversationView:
        side = messaging.Side.PATIENT if actor.stands_for(view.person_id) else messaging.Side.CARE_TEAM
        return messaging.read_conversation(
            actor=actor, conversation_id=view.conversation_id, side=side, now=now or self.now
        )


def owed() -> list[str]:
    """How the promises to patients stand, oldest first."""
    return _column("SELECT state FROM notifications_patientaction WHERE kind = 'message' ORDER BY sequence")


def told(about: UUID) -> list[str]:
    return _column(
        "SELECT template FROM notifications_message WHERE about = %s AND channel = 'in-app' ORDER BY id",
        [about],
    )


def audited(action: str) -> int:
    return len(_column("SELECT 'x' FROM audit_auditentry WHERE action = %s", [action]))


def _column(query: str, params: list[object] | None = None) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query, params or [])
        return [row[0] for row in cursor.fetchall()]


def words(answer: HttpResponse) -> str:
    """The page's words without tags, spaces folded."""
    page = re.sub(r"(?s)<(script|template|svg).*?</\1>", " ", answer.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def fields(answer: HttpResponse, act: str = "") -> dict[str, str]:
    """The hidden inputs of the page's form for an act, as a browser would send them."""
    for form in re.findall(r"(?s)<form[^>]*method=\"post\".*?</form>", answer.content.decode()):
        found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        found.pop("csrfmiddlewaretoken", None)
        if "request_key" in found and found.get("act", "") == act:
            return found
    raise AssertionError(f"No form for {act or 'writing'} on this page.")
