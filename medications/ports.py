"""What medications asks of the outside: where a patient is cared for, what checks need to know of them, and
the networks that carry to pharmacies.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from steadwell.ids import PersonId, PractitionerId, SiteId
from steadwell.relations import Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFacts:
    """What a dose rule may need. Each is None where it is not known; ``egfr`` in mL/min/1.73 m2."""

    birth_date: date | None = None
    weight_kg: Decimal | None = None
    egfr: Decimal | None = None
    egfr_at: datetime | None = None


class Care(Protocol):
    """The clinic as medications knows it. The wiring binds it to scheduling, labs and identity."""

    def sites_of_patient(self, *, person_ids: Collection[PersonId]) -> frozenset[SiteId]:
        """The sites where the patient has, or had, a visit."""
        ...

    def describe_patients_of_sites(self, *, site_ids: Collection[SiteId]) -> Sql:
        """``person_id`` of everybody who has, or had, a visit at one of the sites; a row may come twice."""
        ...

    def facts(self, *, person_id: PersonId, now: datetime) -> PatientFacts: ...

    def site_name(self, *, site_id: SiteId, now: datetime) -> str:
        """Empty for a site that is not known (any more)."""
        ...

    def site_names(self, *, now: datetime) -> Mapping[SiteId, str]: ...

    def site_zone(self, *, site_id: SiteId, now: datetime) -> str:
        """An IANA zone; UTC for a site that is not known."""
        ...

    def practitioner_names(
        self, *, practitioner_ids: Collection[PractitionerId], now: datetime
    ) -> Mapping[PractitionerId, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to a pharmacy: ``body`` is the NCPDP-SCRIPT-shaped JSON, ``wire_id`` its MessageID."""

    network: str
    wire_id: str
    body: Mapping[str, Any]
    is_last_attempt: bool = False  # of this promise


class NotReached(Exception):
    """Nothing was handed over: trying again is safe. ``cause`` is a code."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class NotSure(NotReached):
    """It may have been handed over; the same message again does no harm, for its id is the same."""


class PharmacyNetwork(Protocol):
    """A connection to pharmacies, with a deadline of its own. Never called within a transaction."""

    def send(self, message: Outgoing) -> Mapping[str, Any]:
        """Hand one message over; answers the network's Status or Error message, raises NotReached."""
        ...

    def collect(self, *, network: str, cursor: str) -> tuple[Sequence[Mapping[str, Any]], str]:
        """What came for us after ``cursor``, oldest first, at most 50, and the cursor after it."""
        ...


# What the simulated pharmacy can be told to do, see medications.pharmacy.simulator.
BEHAVIOURS = (
    "fill", "accept", "refuse", "refuse-later", "silent", "hang", "fail", "drop", "late", "duplicate",
)  # fmt: skip

_care: list[Care] = []
_network: list[PharmacyNetwork] = []


def bind(*, care: Care | None = None, network: PharmacyNetwork | None = None) -> None:
    """Called by the wiring."""
    if care is not None:
        _care[:] = [care]
    if network is not None:
        _network[:] = [network]


def care() -> Care:
    if not _care:
        raise RuntimeError("Nothing is bound: see steadwell.config.wiring.")
    return _care[0]


def network() -> PharmacyNetwork:
    if not _network:
        raise RuntimeError("No pharmacy network is bound: see steadwell.config.wiring.")
    return _network[0]


def run_simulated_pharmacy(*, port: int, token: str, behaviour: str) -> None:
    """Serve a made-up pharmacy network on loopback until stopped."""
    from medications.pharmacy import simulator

    simulator.run(port=port, token=token, behaviour=behaviour)
