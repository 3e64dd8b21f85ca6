"""What readers chose: e-mail or not, and how long before a visit a patient is reminded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from notifications import readers
from notifications.models import ReaderChoice, ReminderChoice
from notifications.types import Choice, Kind, Preferences
from steadwell.accounts import service as accounts
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid, NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId

# What may be chosen, longest first; all of them until somebody chooses.
OFFSETS = (timedelta(days=7), timedelta(days=1), timedelta(hours=2))

_CHOOSABLE = (Kind.VISITS, Kind.RESULTS)  # what the page asks about


def wants(person_id: PersonId, kind: Kind) -> bool:
    """Whether a patient wants e-mail of a kind. In-app messages always arrive."""
    ids = identity.person_ids_of(person_id)
    chosen = readers.email_choices(ids, kind)
    contact = next(iter(accounts.contacts_of(ids).values()), None)
    return chosen.get(contact.user_id, True) if contact else True


def reminder_offsets(person_id: PersonId) -> list[timedelta]:
    """How long before a visit to remind this patient, longest first; empty when they want none."""
    ids = identity.person_ids_of(person_id)
    row = ReminderChoice.objects.filter(person_id__in=ids).order_by("-changed_at").first()
    if row is None:
        return list(OFFSETS)
    return sorted((timedelta(minutes=m) for m in row.minutes), reverse=True)


def get_preferences(*, actor: Actor, person_id: PersonId) -> Preferences:
    """The actor's own choices about a person they are, or act for."""
    reader_id = _reader(actor, person_id)
    ids = identity.person_ids_of(person_id)
    is_patient = actor.person_id in ids
    choices = tuple(
        Choice(
            person_id=person_id,
            reader_id=reader_id,
            kind=kind,
            email=readers.email_choices(ids, kind).get(reader_id, is_patient),
        )
        for kind in _CHOOSABLE
    )
    return Preferences(person_id=person_id, choices=choices, offsets=tuple(reminder_offsets(person_id)))


def set_preferences(
    *,
    actor: Actor,
    person_id: PersonId,
    email: bool,
    offsets: Iterable[timedelta],
    now: datetime,
    results_email: bool | None = None,
) -> None:
    """What the actor wants to be told by e-mail about this person's visits (``email``) and results, and when
    the person is reminded. Without ``results_email`` that choice stays as it is.

    Takes effect for messages told from now on. ``offsets`` must be among OFFSETS.
    """
    reader_id = _reader(actor, person_id)
    wanted = set(offsets)
    if not wanted <= set(OFFSETS):
        raise Invalid(fields={"offsets": "Choose among the times listed."})
    with transaction.atomic():
        for kind, chosen in ((Kind.VISITS, email), (Kind.RESULTS, results_email)):
            if chosen is not None:
                ReaderChoice.objects.update_or_create(
                    person_id=person_id,
                    reader_id=reader_id,
                    kind=kind,
                    defaults={"email": chosen, "changed_at": now},
                )
        minutes = sorted((int(o.total_seconds() // 60) for o in wanted), reverse=True)
        ReminderChoice.objects.update_or_create(
            person_id=person_id, defaults={"minutes": minutes, "changed_at": now}
        )
        audit.record(
            actor=actor, action="message.choose", category="message", now=now, subject_id=person_id,
            detail={
                "email": str(email), "results": str(results_email), "reminders": ",".join(map(str, minutes)),
            },
        )  # fmt: skip


def _reader(actor: Actor, person_id: PersonId) -> UserId:
    if actor.user_id is None or not any(actor.stands_for(i) for i in identity.person_ids_of(person_id)):
        raise NotFound
    return actor.user_id
