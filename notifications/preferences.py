"""What readers chose: which channels for which news, when they are told, and how long before a visit a
patient is reminded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop

from notifications import readers
from notifications.models import ReaderChoice, ReaderSettings, ReminderChoice
from notifications.readers import BY_ITSELF, NOTHING, Wanted
from notifications.types import Choice, Kind, Preferences, Times
from steadwell.accounts import service as accounts
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.errors import Invalid, NotFound
from steadwell.identity import service as identity
from steadwell.ids import PersonId, UserId

# What may be chosen, longest first; all of them until somebody chooses.
OFFSETS = (timedelta(days=7), timedelta(days=1), timedelta(hours=2))
# What one may choose by. What is about a patient's safety is nobody's choice.
CHOOSABLE = (Kind.VISITS, Kind.RESULTS, Kind.MEDICATIONS, Kind.MESSAGES, Kind.CAMPAIGNS)
MOST_PER_DAY = (0, 3, 5, 10)


def wants(person_id: PersonId, kind: Kind) -> bool:
    """Whether a patient wants e-mail of a kind. In-app messages always arrive."""
    ids = identity.person_ids_of(person_id)
    contact = next(iter(accounts.contacts_of(ids).values()), None)
    if contact is None:
        return True
    return readers.choices(ids, kind).get(contact.user_id, BY_ITSELF).email


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
    rows = ReaderChoice.objects.filter(person_id__in=ids, reader_id=reader_id).order_by("changed_at")
    chosen = {row.kind: readers.wanted_of(row) for row in rows}
    otherwise = BY_ITSELF if actor.person_id in ids else NOTHING
    place = readers.reached([reader_id])[reader_id]
    return Preferences(
        person_id=person_id,
        choices=tuple(_choice(person_id, reader_id, kind, chosen.get(kind, otherwise)) for kind in CHOOSABLE),
        offsets=tuple(reminder_offsets(person_id)),
        times=Times(
            quiet_from=place.hours.start if place.hours else None,
            quiet_until=place.hours.end if place.hours else None,
            quiet_email=place.quiet_email,
            digest_at=place.digest_at,
            most_per_day=place.most_per_day,
        ),
        has_sms=bool(place.sms),
        has_push=place.has_push,
    )


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
    the person is reminded. Without ``results_email`` that choice stays as it is. ``choose`` says everything.
    """
    reader_id = _reader(actor, person_id)
    given = {Kind.VISITS: email} | ({} if results_email is None else {Kind.RESULTS: results_email})
    choices = [
        Choice(person_id=person_id, reader_id=reader_id, kind=kind, email=wanted, push=wanted)
        for kind, wanted in given.items()
    ]
    choose(actor=actor, person_id=person_id, choices=choices, offsets=offsets, now=now)


def choose(
    *,
    actor: Actor,
    person_id: PersonId,
    choices: Iterable[Choice],
    offsets: Iterable[timedelta],
    now: datetime,
    times: Times | None = None,
) -> None:
    """Set the actor's choices about a person: a Choice per kind that changes, and how long before a visit the
    person is reminded (among OFFSETS). ``times`` are the actor's own, whomever the news is about.

    Takes effect for messages told from now on, and for those that still wait for their time. Raises NotFound,
    Invalid.
    """
    reader_id = _reader(actor, person_id)
    wanted, given = set(offsets), list(choices)
    if not wanted <= set(OFFSETS):
        raise Invalid(fields={"offsets": gettext_noop("Choose among the times listed.")})
    if any(each.kind not in CHOOSABLE for each in given):
        raise Invalid(fields={"kind": gettext_noop("This news always comes.")})
    minutes = sorted((int(o.total_seconds() // 60) for o in wanted), reverse=True)
    with transaction.atomic():
        for each in given:
            ReaderChoice.objects.update_or_create(
                person_id=person_id, reader_id=reader_id, kind=each.kind,
                defaults={
                    "email": each.email, "sms": each.sms, "push": each.push, "digest": each.digest,
                    "changed_at": now,
                },
            )  # fmt: skip
        ReminderChoice.objects.update_or_create(
            person_id=person_id, defaults={"minutes": minutes, "changed_at": now}
        )
        if times is not None:
            _set_times(reader_id, times, now)
        detail = {each.kind.value: _said(each) for each in given}
        audit.record(
            actor=actor, action="message.choose", category="message", now=now, subject_id=person_id,
            detail={**detail, "reminders": ",".join(map(str, minutes))},
        )  # fmt: skip


def _set_times(reader_id: UserId, times: Times, now: datetime) -> None:
    one_end = (times.quiet_from is None) != (times.quiet_until is None)
    if one_end or (times.quiet_from is not None and times.quiet_from == times.quiet_until):
        raise Invalid(fields={"quiet_until": gettext_noop("Quiet hours need a beginning and another end.")})
    if times.most_per_day not in MOST_PER_DAY:
        raise Invalid(fields={"most_per_day": gettext_noop("Choose among the numbers listed.")})
    ReaderSettings.objects.update_or_create(
        reader_id=reader_id,
        defaults={
            "quiet_from": times.quiet_from, "quiet_until": times.quiet_until,
            "quiet_email": times.quiet_email, "digest_at": times.digest_at,
            "most_per_day": times.most_per_day, "changed_at": now,
        },
    )  # fmt: skip


def _choice(person_id: PersonId, reader_id: UserId, kind: Kind, wanted: Wanted) -> Choice:
    return Choice(
        person_id=person_id, reader_id=reader_id, kind=kind, email=wanted.email, sms=wanted.sms,
        push=wanted.push, digest=wanted.digest,
    )  # fmt: skip


def _said(choice: Choice) -> str:
    names = ("email", "sms", "push", "digest")
    return ",".join(name for name in names if getattr(choice, name)) or "none"


def _reader(actor: Actor, person_id: PersonId) -> UserId:
    if actor.user_id is None or not any(actor.stands_for(i) for i in identity.person_ids_of(person_id)):
        raise NotFound
    return actor.user_id
