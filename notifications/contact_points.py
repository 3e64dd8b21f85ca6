"""Where a reader is reached beside their account's address: confirmed by a code before use, given up when
messages come back.

A code is kept nowhere. It follows from the contact point, the round and the secret key, so that whoever reads
the database cannot confirm an address, and the sender makes the same code at every attempt.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from notifications import wordings
from notifications.errors import CodeNotRight, TooManyCodes
from notifications.models import Channel, ContactPoint, Message, MessageState
from notifications.promising import promise
from notifications.types import ContactView, Urgency
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, system
from steadwell.audit import service as audit
from steadwell.errors import Invalid, NotFound
from steadwell.ids import UserId

GOOD_FOR = timedelta(minutes=15)
TRIES = 5
CODES_A_DAY = 5  # of one reader, whatever the addresses: nobody is sent codes they did not ask for
REGION = "US"  # how a number without a country is read
CODE = "contact.code"
_DIGITS = 6
_ACTOR = system("notifications")


def list_contacts(*, actor: Actor) -> list[ContactView]:
    """The reader's own, oldest first."""
    rows = _own(actor).order_by("pk")[:20]
    return [_view(row) for row in rows]


def add_contact(*, actor: Actor, channel: str, address: str, now: datetime) -> ContactView:
    """Note an address and send a code to it. The same address again sends a new code.

    Raises Invalid for what is no address or no telephone number that takes messages, TooManyCodes.
    """
    reader_id = _reader(actor)
    wanted = normal(channel, address)
    with transaction.atomic():
        _spend_a_code(reader_id, now)
        row, _ = ContactPoint.objects.get_or_create(
            reader_id=reader_id, channel=channel, address=wanted, removed_at=None,
            defaults={"created_at": now},
        )  # fmt: skip
        if row.verified_at is None or row.disabled_at is not None:
            _send_code(row, now=now)
        _record(actor, "contact.add", row, now)
    return _view(row)


def send_new_code(*, actor: Actor, contact_id: UUID, now: datetime) -> None:
    """Another code; the former is of no use any more. Raises NotFound, TooManyCodes."""
    reader_id = _reader(actor)
    with transaction.atomic():
        row = _locked(actor, contact_id)
        _spend_a_code(reader_id, now)
        _send_code(row, now=now)


def confirm_contact(*, actor: Actor, contact_id: UUID, code: str, now: datetime) -> ContactView:
    """The code came back: from now on the address is used, in place of the former of its channel.

    Raises CodeNotRight for a wrong, old or too often tried one. The try is counted whatever comes of it.
    """
    _reader(actor)
    with transaction.atomic():
        row = _locked(actor, contact_id)
        row.tries += 1
        row.save(update_fields=["tries"])
        in_time = row.code_until is not None and now < row.code_until and row.tries <= TRIES
        is_right = hmac.compare_digest(_code_of(row), "".join(code.split()))
        if in_time and is_right:
            _take_into_use(row, now)
            _record(actor, "contact.confirm", row, now)
    if not (in_time and is_right):
        raise CodeNotRight(fields={"code": gettext_noop("This code is not right, or too old.")})
    return _view(row)


def remove_contact(*, actor: Actor, contact_id: UUID, now: datetime) -> None:
    """Not written to any more. Raises NotFound."""
    _reader(actor)
    with transaction.atomic():
        row = _locked(actor, contact_id)
        ContactPoint.objects.filter(pk=row.pk).update(removed_at=now)
        _record(actor, "contact.remove", row, now)


def note_bounce(
    *,
    reader_id: UUID,
    channel: str,
    address: str,
    cause: str,
    now: datetime,
    sent_at: datetime | None = None,
) -> None:
    """A provider says that an address takes nothing, for good: it is not used until it is confirmed again,
    and its reader is told when they next sign in. ``cause`` is a code. Repeating it changes nothing; nor does
    news about what was ``sent_at`` a time before the address was confirmed.
    """
    row, _ = ContactPoint.objects.get_or_create(
        reader_id=reader_id, channel=channel, address=address, removed_at=None, defaults={"created_at": now}
    )
    if sent_at is not None and row.verified_at is not None and row.verified_at > sent_at:
        return
    if ContactPoint.objects.filter(pk=row.pk, disabled_at=None).update(
        disabled_at=now, cause=cause[:60], seen_at=None, code_until=None
    ):
        _record(_ACTOR, "contact.bounce", row, now)


def unseen_failures(*, actor: Actor) -> int:
    """How many addresses of this reader turned messages away without their having seen it. One statement."""
    if actor.user_id is None:
        return 0
    return _own(actor).filter(disabled_at__isnull=False, seen_at=None).count()


def mark_failures_seen(*, actor: Actor, now: datetime) -> None:
    _own(actor).filter(disabled_at__isnull=False, seen_at=None).update(seen_at=now)


def addresses_of_codes(messages: Mapping[UUID, tuple[UUID | None, str]]) -> Mapping[UUID, str]:
    """Where codes go, by message: from each message's contact point and key. One that is not the newest code
    of its address, or whose address was taken back, goes nowhere. One statement.
    """
    about = {point for point, _ in messages.values() if point}
    rows = {row.pk: row for row in ContactPoint.objects.filter(pk__in=about, removed_at=None)}
    found = {}
    for message_id, (point, key) in messages.items():
        row = rows.get(point) if point else None
        if row is not None and _key(row) == key:
            found[message_id] = row.address
    return found


def params_of_code(template: str, key: str) -> Mapping[str, str]:
    """The code that a message says, made anew from its key; nothing for any other message."""
    return {"code": _code(key)} if template == CODE else {}


def normal(channel: str, address: str) -> str:
    """An address as it is kept: E.164 for a telephone, small letters for e-mail. Raises Invalid."""
    if channel == Channel.SMS:
        return _e164(address)
    if channel != Channel.EMAIL:
        raise Invalid(fields={"channel": gettext_noop("Choose among the ways listed.")})
    plain = address.strip().lower()
    try:
        validate_email(plain)
    except ValidationError as error:
        raise Invalid(fields={"address": gettext_noop("This is not an e-mail address.")}) from error
    return plain


def _e164(text: str) -> str:
    wrong = Invalid(fields={"address": gettext_noop("This is not a mobile telephone number.")})
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException as error:
        raise wrong from error
    takes_messages = phonenumbers.number_type(number) in {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }
    if not phonenumbers.is_valid_number(number) or not takes_messages or number.extension:
        raise wrong
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _take_into_use(row: ContactPoint, now: datetime) -> None:
    former = ContactPoint.objects.filter(
        reader_id=row.reader_id, channel=row.channel, removed_at=None, verified_at__isnull=False
    )
    former.exclude(pk=row.pk).update(removed_at=now)
    row.verified_at, row.disabled_at, row.cause, row.code_until = now, None, "", None
    row.save(update_fields=["verified_at", "disabled_at", "cause", "code_until"])


def _send_code(row: ContactPoint, *, now: datetime) -> None:
    row.codes_sent = row.codes_sent + 1 if row.codes_on == now.date() else 1
    row.round, row.tries, row.code_until, row.codes_on = row.round + 1, 0, now + GOOD_FOR, now.date()
    row.save(update_fields=["round", "tries", "code_until", "codes_on", "codes_sent"])
    contact = accounts.contacts_of_users([row.reader_id])[UserId(row.reader_id)]
    message = Message.objects.create(
        key=_key(row), reader_id=row.reader_id, channel=row.channel, template=CODE,
        template_version=wordings.live_version(CODE), params={"path": "/preferences/contacts/"},
        language=contact.language, urgency=Urgency.URGENT, about=row.pk, state=MessageState.DUE, told_at=now,
        expires_at=row.code_until,
    )  # fmt: skip
    promise([message], now=now)


def _spend_a_code(reader_id: UserId, now: datetime) -> None:
    """The rows of a reader are locked in order, so that two requests at once count each other."""
    rows = ContactPoint.objects.select_for_update().filter(reader_id=reader_id).order_by("pk")
    if sum(row.codes_sent for row in rows if row.codes_on == now.date()) >= CODES_A_DAY:
        raise TooManyCodes


def _key(row: ContactPoint) -> str:
    return f"{CODE}:{row.pk}:{row.round}"


def _code_of(row: ContactPoint) -> str:
    return _code(_key(row))


def _code(key: str) -> str:
    secret = hashlib.sha256(b"contact code:" + settings.SECRET_KEY.encode()).digest()
    digest = hmac.digest(secret, key.encode(), "sha256")
    return f"{int.from_bytes(digest[:8]) % 10**_DIGITS:0{_DIGITS}d}"


def _reader(actor: Actor) -> UserId:
    if actor.user_id is None:
        raise NotFound
    return actor.user_id


def _own(actor: Actor) -> QuerySet[ContactPoint]:
    return ContactPoint.objects.filter(reader_id=_reader(actor), removed_at=None)


def _locked(actor: Actor, contact_id: UUID) -> ContactPoint:
    """With the reader's others, in order: of two that are confirmed at once one is in use in the end."""
    row = next(
        (each for each in _own(actor).select_for_update().order_by("pk") if each.pk == contact_id), None
    )
    if row is None:
        raise NotFound
    return row


def _view(row: ContactPoint) -> ContactView:
    return ContactView(
        contact_id=row.pk, channel=row.channel, address=row.address,
        is_verified=row.verified_at is not None and row.disabled_at is None,
        is_down=row.disabled_at is not None, cause=row.cause,
    )  # fmt: skip


def _record(actor: Actor, action: str, row: ContactPoint, now: datetime) -> None:
    audit.record(
        actor=actor, action=action, category="message", now=now, subject_id=actor.person_id,
        entity_id=row.pk, detail={"channel": row.channel, "cause": row.cause},
    )  # fmt: skip
