"""What a safety check said, as it is kept and shown: plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
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
    """One rule that speaks against the change, as medications.safety found it.

    ``key`` is its fingerprint: the same whenever the same rule meets the same ingredients, so that an
    override is found again. ``mechanism`` and ``advice`` are words by language (``en``, ``es``).
    ``needs_reason``: going on needs an override's reason.
    """

    key: str
    kind: str
    severity: str
    names: tuple[str, ...]
    ingredients: tuple[str, ...]
    mechanism: Mapping[str, str]
    advice: Mapping[str, str]
    rule: str
    citation: str
    pack: str
    version: str
    dated_on: date
    needs_reason: bool
    overrides: tuple[OverrideView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCheckedView:
    """What no rule could speak about, and why (medications.safety's code)."""

    why: str
    kind: str
    names: tuple[str, ...]
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackView:
    name: str
    version: str
    issued_on: date
    expires_on: date
    publisher: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """One run of the checks, with the packs that spoke. ``check_id`` is None for a run that was not kept.

    Nothing found does not mean safe: it means that no rule of these packs spoke.
    """

    check_id: UUID | None
    at: datetime
    findings: tuple[FindingView, ...]
    not_checked: tuple[NotCheckedView, ...]
    packs: tuple[PackView, ...]

    @property
    def needs_reason(self) -> bool:
        return any(finding.needs_reason for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUse:
    """How often a rule asked for a reason, and how often somebody went on: the rules that annoy."""

    rule_id: str
    alerts: int
    overridden: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCount:
    """Alerts per order over a time."""

    orders: int
    with_alerts: int
    alerts: int
