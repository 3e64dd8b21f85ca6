"""Typed identifiers. Every one is a UUID; the types keep one kind from standing where another belongs."""

from __future__ import annotations

import os
import time
from typing import NewType
from uuid import UUID

UserId = NewType("UserId", UUID)
PersonId = NewType("PersonId", UUID)
SourceRecordId = NewType("SourceRecordId", UUID)

OrganisationId = NewType("OrganisationId", UUID)
SiteId = NewType("SiteId", UUID)
RoomId = NewType("RoomId", UUID)
PractitionerId = NewType("PractitionerId", UUID)
VisitTypeId = NewType("VisitTypeId", UUID)
HoldId = NewType("HoldId", UUID)
AppointmentId = NewType("AppointmentId", UUID)

EventId = NewType("EventId", UUID)
MessageId = NewType("MessageId", UUID)


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits.

    Ordered by time, so that inserts fall at the right-hand edge of a B-tree instead of all over it.
    """
    stamp = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    rand_a, rand_b = noise >> 68, noise & ((1 << 62) - 1)
    return UUID(int=(stamp << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b)


def made_at(identifier: UUID) -> float:
    """When ``new_id`` made an id, in seconds since 1970."""
    return (identifier.int >> 80) / 1000
