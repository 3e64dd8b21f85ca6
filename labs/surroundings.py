"""What the clinic knows around a message: its sender's settings, who ordered, and the order itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from labs.ports import directory
from steadwell import prepared
from steadwell.ids import PersonId, PractitionerId, SiteId
from steadwell.transactions import lock_words

_AROUND = """
SELECT s.site_id,
  (SELECT json_object_agg(raw, ucum)::text FROM labs_unitsynonym WHERE sender_id = asked.sender),
  n.practitioner_id, n.site_id, o.id, o.person_id, o.site_id, o.practitioner_id,
  (SELECT json_agg(json_build_array(r.id, r.identity, r.record_id, r.collected_at, r.specimen))::text FROM (
      SELECT * FROM labs_report WHERE placer_number = asked.placer AND placer_number <> ''
        AND right(identity, length(asked.code) + 1) = '|' || asked.code
      UNION ALL
      SELECT * FROM labs_report WHERE sender = asked.sender AND identity = asked.unnumbered
   ) r WHERE r.sender = asked.sender AND r.identity <> asked.identity AND r.status <> 'entered-in-error')
FROM unnest(%(senders)s::text[], %(numbers)s::text[], %(placers)s::text[], %(identities)s::text[],
        %(codes)s::text[], %(unnumbered)s::text[])
    WITH ORDINALITY AS asked (sender, number, placer, identity, code, unnumbered, place)
LEFT JOIN labs_labsender s ON s.sender = asked.sender
LEFT JOIN LATERAL (
  SELECT practitioner_id, site_id FROM labs_cliniciannumber
  WHERE number = asked.number AND sender IN ('', asked.sender) ORDER BY sender DESC LIMIT 1
) n ON asked.number <> ''
LEFT JOIN labs_order o ON o.number = asked.placer AND asked.placer <> ''
ORDER BY asked.place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    order_id: UUID
    person_id: PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Another report of the same sender, with the same order number and code, or of the same patient, code
    and moment where one of the two has no number.
    """

    report_id: UUID
    identity: str
    record_id: UUID | None
    collected_at: datetime | None
    specimen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """``site_id`` and ``practitioner_id`` are where the report belongs: by its order, else by who ordered,
    else the sender's own site (as registered with the wire, or by the clinic).
    """

    synonyms: Mapping[str, str]
    site_id: SiteId | None
    practitioner_id: PractitionerId | None
    order: Ordered | None
    alike: tuple[Alike, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is known of a report before looking: ``site_id`` is the one registered with the wire;
    ``identity``, ``code`` and ``unnumbered`` as ``identifying`` has them.
    """

    sender: str
    ordered_by: str
    placer_number: str
    site_id: SiteId | None
    identity: str = ""
    code: str = ""
    unnumbered: str = ""


def look(several: Sequence[Asked], *, now: datetime) -> list[Surroundings]:
    """One statement, and one for the locks where there are order numbers.

    The locks keep a report and its order from missing each other when both come at once.
    """
    lock_numbers({each.placer_number for each in several if each.placer_number})
    values = {
        "senders": [each.sender for each in several],
        "numbers": [each.ordered_by for each in several],
        "placers": [each.placer_number for each in several],
        "identities": [each.identity for each in several],
        "codes": [each.code for each in several],
        "unnumbered": [each.unnumbered for each in several],
    }
    with prepared.cursor() as cursor:
        cursor.execute(_AROUND, values)
        rows = cursor.fetchall()
    return [_around(each, row, now) for each, row in zip(several, rows, strict=True)]


def _around(asked: Asked, row: tuple[Any, ...], now: datetime) -> Surroundings:
    (
        sender_site, synonyms, clinician, clinician_site, order_id, person_id, order_site, order_clinician,
        alike,
    ) = row  # fmt: skip
    if clinician and not (order_site or clinician_site):
        sites = directory().sites_of(practitioner_id=PractitionerId(clinician), now=now)
        clinician_site = next(iter(sites)) if len(sites) == 1 else None
    return Surroundings(
        synonyms=orjson.loads(synonyms) if synonyms else {},
        site_id=order_site or clinician_site or asked.site_id or sender_site,
        practitioner_id=order_clinician or clinician,
        order=Ordered(order_id=order_id, person_id=PersonId(person_id)) if order_id else None,
        alike=tuple(_alike(each) for each in orjson.loads(alike)) if alike else (),
    )


def _alike(row: Sequence[Any]) -> Alike:
    report_id, identity, record_id, collected_at, specimen = row
    return Alike(
        report_id=UUID(report_id),
        identity=identity,
        record_id=UUID(record_id) if record_id else None,
        collected_at=datetime.fromisoformat(collected_at) if collected_at else None,
        specimen=specimen,
    )


def lock_numbers(placer_numbers: Iterable[str]) -> None:
    """One at a time per order number, until the transaction ends; several in one order everywhere."""
    lock_words(f"labs|order|{number}" for number in placer_numbers)
