"""The demo's two conversations: one answered, one that waits for the front desk. The same each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging.models import Conversation
from messaging.reading import read_conversation
from messaging.types import Side, Subject
from messaging.writing import answer, start_conversation
from steadwell.accounts import service as accounts
from steadwell.actor import Actor
from steadwell.ids import PersonId, PractitionerId, SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPatient:
    """A patient of the demo who signs in, and where they are looked after."""

    person_id: PersonId
    site_id: SiteId
    practitioner_id: PractitionerId


def seed(*, patients: Sequence[DemoPatient], now: datetime) -> bool:
    """Make them, relative to ``now``. False when there are some already."""
    first, second = patients[:2]
    reader, writer = _account(first, now), _account(second, now)
    users = accounts.users_of_practitioners([first.practitioner_id])
    if Conversation.objects.exists() or reader is None or writer is None or not users:
        return False
    doctor = accounts.actor_for_user(user_id=users[first.practitioner_id], now=now)
    _answered(first, reader, doctor, now)
    start_conversation(
        actor=writer, person_id=second.person_id, site_id=second.site_id, subject=Subject.APPOINTMENT,
        text="I have to bring my little son along on my next visit. Is there somewhere he can wait with me?",
        request_key="demo:waiting", now=now - timedelta(hours=4),
    )  # fmt: skip
    return True


def _account(patient: DemoPatient, now: datetime) -> Actor | None:
    contact = accounts.contact_of(patient.person_id)
    return accounts.actor_for_user(user_id=contact.user_id, now=now) if contact else None


def _answered(patient: DemoPatient, reader: Actor, doctor: Actor, now: datetime) -> None:
    began = now - timedelta(days=2)
    begun = start_conversation(
        actor=reader, person_id=patient.person_id, site_id=patient.site_id, subject=Subject.MEDICINES,
        text="I forgot my tablet this morning and only noticed in the afternoon.\n"
        "Should I take two tomorrow?",
        request_key="demo:answered", now=began,
    )  # fmt: skip
    seen = read_conversation(
        actor=doctor,
        conversation_id=begun.conversation_id,
        side=Side.CARE_TEAM,
        now=began + timedelta(hours=3),
    )
    answer(
        actor=doctor, conversation_id=begun.conversation_id, seen_version=seen.version,
        text="No, please do not double it. Take tomorrow's tablet at the usual time and carry on as before.\n"
        "Write again if it happens often: a reminder in the portal may help.",
        request_key="demo:answer", now=began + timedelta(hours=3, minutes=10),
    )  # fmt: skip
