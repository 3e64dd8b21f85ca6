"""What a safety check said, as it is kept and shown: plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from steadwell.ids import PractitionerId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideView:
    """Why somebody went on in spite of a finding; shown to the next prescriber who meets the same."""

    by: UserId | None
    practitioner_id: PractitionerId | None
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """One finding. ``key`` is the same whenever the same rule meets the same drugs, so that an override is
    found again. ``kind`` is interaction, duplicate-ingredient, duplicate-class, allergy, cross-reactivity,
    dose or not-checked; ``severity`` the pack's own word, one of contraindicated, serious, moderate, minor,
    or none for what was not checked. ``needs_reason``: going on needs an override's reason.
    """

    key: str
    kind: str
    severity: str
    title: str
    mechanism: str
    advice: str
    rule_id: str
    source: str
    rule_version: str
    rule_on: date | None
    drugs: tuple[str, ...]
    needs_reason: bool
    overrides: tuple[OverrideView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """One run of the checks, with the pack it ran with."""

    check_id: UUID
    at: datetime
    pack: str
    pack_version: str
    pack_on: date | None
    findings: tuple[FindingView, ...]

    @property
    def needs_reason(self) -> bool:
        return any(finding.needs_reason for finding in self.findings)
