"""What the clinic knows around a message: its sender's settings, who ordered, and the order itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.db import OperationalError, connection

from labs.ports import directory
from steadwell.errors import Busy
from steadwell.ids import PersonId, PractitionerId, SiteId

_AROUND = """
SELECT s.site_id,
  (SELECT json_object_agg(raw, ucum)::text FROM labs_unitsynonym WHERE sender_id = %(sender)s),
  n.practitioner_id, n.site_id, o.id, o.person_id, o.site_id, o.practitioner_id
FROM (SELECT) one
LEFT JOIN labs_labsender s ON s.sender = %(sender)s
LEFT JOIN LATERAL (
  SELECT practitioner_id, site_id FROM labs_cliniciannumber
  WHERE number = %(number)s AND sender IN ('', %(sender)s) ORDER BY sender DESC LIMIT 1
) n ON %(number)s <> ''
LEFT JOIN labs_order o ON o.number = %(placer)s AND %(placer)s <> ''
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    order_id: UUID
    person_id: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """``site_id`` and ``practitioner_id`` are where the report belongs: by its order, else by who ordered,
    else the sender's own site (as registered with the wire, or by the clinic).
    """

    synonyms: Mapping[str, str]
    site_id: SiteId | None
    practitioner_id: PractitionerId | None
    order: Ordered | None


def look(
    *, sender: str, ordered_by: str, placer_number: str, site_id: SiteId | None, now: datetime
) -> Surroundings:
    """One statement, and one lock where there is an order number.

    The lock keeps a report and its order from missing each other when both come at once.
    """
    if placer_number:
        lock_number(placer_number)
    with connection.cursor() as cursor:
        cursor.execute(_AROUND, {"sender": sender, "number": ordered_by, "placer": placer_number})
        sender_site, synonyms, clinician, clinician_site, order_id, person_id, order_site, order_clinician = (
            cursor.fetchone()
        )
    if clinician and not (order_site or clinician_site):
        sites = directory().sites_of(practitioner_id=PractitionerId(clinician), now=now)
        clinician_site = next(iter(sites)) if len(sites) == 1 else None
    return Surroundings(
        synonyms=orjson.loads(synonyms) if synonyms else {},
        site_id=order_site or clinician_site or site_id or sender_site,
        practitioner_id=order_clinician or clinician,
        order=Ordered(order_id=order_id, person_id=PersonId(person_id)) if order_id else None,
    )


def lock_number(placer_number: str) -> None:
    """One at a time per order number, until the transaction ends."""
    raw = hashlib.blake2b(f"labs|order|{placer_number}".encode(), digest_size=8).digest()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(raw, signed=True)])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") in {"55P03", "57014", "40P01"}:
            raise Busy from error
        raise
