"""Who may send, how they are known, and what each may send. MLLP itself has no authentication."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import available_timezones

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from fhir_facade.hl7v2.models import Hl7Sender
from fhir_facade.hl7v2.splitter import Message
from steadwell.actor import Actor, Role
from steadwell.audit import service as audit
from steadwell.errors import Forbidden, Invalid
from steadwell.ids import SiteId

_FINGERPRINT: Final = re.compile(r"(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}", re.IGNORECASE)
_TYPE: Final = re.compile(r"[A-Z][A-Z0-9]{2}\^([A-Z][A-Z0-9]{2}|\*)")
_FRESH: Final = 3.0
_read_lately: dict[UUID, tuple[Sender, float]] = {}
DEMO_NAME: Final = "demo-lab"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """One line of the allow-list, ready to be compared."""

    id: UUID
    name: str
    networks: tuple[Network, ...]
    certificates: frozenset[str]  # fingerprints, or subjects
    message_types: frozenset[str]
    applications: tuple[tuple[str, str], ...]
    processing: frozenset[str]
    site_id: SiteId | None
    time_zone: str
    connections: int

    def may_send(self, kind: str, trigger: str) -> bool:
        return f"{kind}^{trigger}" in self.message_types or f"{kind}^*" in self.message_types

    def is_application(self, application: str, facility: str) -> bool:
        return not self.applications or any(
            name in {application, "*"} and place in {facility, "*"} for name, place in self.applications
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The other end of a connection: what it cannot choose."""

    address: str
    fingerprint: str = ""
    subject: str = ""


def list_active() -> list[Sender]:
    return [_sender(row) for row in Hl7Sender.objects.filter(active=True).order_by("name")]


def find_sender(sender_id: UUID) -> Sender | None:
    """A sender by id, also one that may send no more: its messages are still read. At most 3 seconds old."""
    known, at = _read_lately.get(sender_id, (None, 0.0))
    if known is None or time.monotonic() - at > _FRESH:
        row = Hl7Sender.objects.filter(pk=sender_id).first()
        if row is None:
            return None
        known = _sender(row)
        _read_lately[sender_id] = known, time.monotonic()
    return known


def known_as(caller: Caller, senders: Iterable[Sender]) -> list[Sender]:
    """The senders that a caller may speak for. One that is registered with a certificate must show it."""
    address = ipaddress.ip_address(caller.address.split("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    shown = {caller.fingerprint, caller.subject} - {""}
    return [
        sender
        for sender in senders
        if (not sender.certificates or sender.certificates & shown)
        and (not sender.networks or any(address in network for network in sender.networks))
    ]


def sender_of(message: Message, candidates: Sequence[Sender]) -> Sender | None:
    """Which of several that share a connection this message names in MSH-3 and MSH-4."""
    header = message.header
    application, facility = header.text(3).strip(), header.text(4).strip()
    named = [each for each in candidates if each.is_application(application, facility)]
    # One that names its applications is meant before one that takes any.
    return max(named, key=lambda each: bool(each.applications), default=None)


def save_sender(*, actor: Actor, sender: Hl7Sender, now: datetime) -> None:
    """Register a sender or change it; audited. Raises Invalid with the fields that cannot be used."""
    if not actor.has(Role.ADMINISTRATOR, Role.SYSTEM):
        raise Forbidden
    check(sender)
    is_new = sender._state.adding
    with transaction.atomic():
        sender.changed_at = now
        if is_new:
            sender.created_at = now
        sender.save()
        audit.record(
            actor=actor, category="interface",
            action="hl7_sender.register" if is_new else "hl7_sender.change", entity_id=sender.pk, now=now,
            detail={"active": str(sender.active).lower(), "types": " ".join(sender.message_types)},
        )  # fmt: skip


def check(sender: Hl7Sender) -> None:
    """Bring what was written into the form that is compared; Invalid where that cannot be."""
    wrong: dict[str, str] = {}
    try:
        sender.networks = [str(ipaddress.ip_network(each.strip(), strict=False)) for each in sender.networks]
    except ValueError:
        wrong["networks"] = _("Write addresses or networks, such as 10.20.0.0/16.")
    sender.certificates = [_certificate(each) for each in sender.certificates]
    if not all("=" in each or re.fullmatch("[0-9a-f]{64}", each) for each in sender.certificates):
        wrong["certificates"] = _("Write SHA-256 fingerprints, or subjects such as CN=lab.example.")
    if sender.active and not sender.networks and not sender.certificates:
        wrong["networks"] = _("Say by which network or client certificate it is known.")
    sender.message_types = [each.strip().upper() for each in sender.message_types]
    if not sender.message_types or not all(_TYPE.fullmatch(each) for each in sender.message_types):
        wrong["message_types"] = _("Write types such as ORU^R01.")
    if any(each.count("|") != 1 for each in sender.applications):
        wrong["applications"] = _("Write application|facility.")
    if not set(sender.processing) <= {"P", "T", "D"} or not sender.processing:
        wrong["processing"] = _("Write P, T or D.")
    if sender.time_zone not in available_timezones():
        wrong["time_zone"] = _("There is no such time zone.")
    if wrong:
        raise Invalid(fields=wrong)


def ensure_demo(*, now: datetime) -> None:
    """In the demo a laboratory on this very machine may send."""
    if settings.DEMO:
        Hl7Sender.objects.get_or_create(
            name=DEMO_NAME,
            defaults={
                "networks": ["127.0.0.0/8", "::1/128"], "message_types": ["ORU^R01"],
                "processing": ["P", "T", "D"],
                "time_zone": "America/Chicago", "connections": 64, "created_at": now, "changed_at": now,
            },
        )  # fmt: skip


def _certificate(written: str) -> str:
    written = written.strip()
    return written.replace(":", "").lower() if _FINGERPRINT.fullmatch(written) else written


def _sender(row: Hl7Sender) -> Sender:
    return Sender(
        id=row.pk,
        name=row.name,
        networks=tuple(ipaddress.ip_network(each) for each in row.networks),
        certificates=frozenset(row.certificates),
        message_types=frozenset(row.message_types),
        applications=tuple((each.partition("|")[0], each.partition("|")[2]) for each in row.applications),
        processing=frozenset(row.processing),
        site_id=SiteId(row.site_id) if row.site_id else None,
        time_zone=row.time_zone,
        connections=row.connections,
    )
