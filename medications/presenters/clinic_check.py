"""What the safety checks said, for a clinician in a hurry: what stops first, the rest folded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from medications.presenters import words
from medications.types import CheckView, FindingView
from steadwell.ids import PractitionerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """Somebody went on in spite of the same finding before."""

    by: str
    day: str
    iso: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    key: str
    severity: str
    tone: str
    kind: str
    names: str
    mechanism: str
    advice: str
    citation: str
    rule: str
    dated: str
    needs_reason: bool
    earlier: tuple[Earlier, ...]
    given: str  # the reason as it was typed, when the form comes back


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """``summary`` is the count of alerts; ``packs`` who spoke and how old it is."""

    summary: str
    tone: str
    stopping: tuple[Row, ...]
    others: tuple[Row, ...]
    not_checked: tuple[str, ...]
    packs: str


def panel(
    check: CheckView,
    *,
    names: Mapping[PractitionerId, str],
    zone: str,
    given: Mapping[str, str],
    now: datetime,
) -> Panel:
    rows = [_row(each, names, zone, given) for each in check.findings]
    stopping = tuple(row for row in rows if row.needs_reason)
    others = tuple(row for row in rows if not row.needs_reason)
    return Panel(
        summary=_summary(len(stopping), len(others)),
        tone="bad" if stopping else "warn" if others else "info",
        stopping=stopping,
        others=others,
        not_checked=_not_checked(check),
        packs=_packs(check, now),
    )


def practitioners(check: CheckView) -> set[PractitionerId]:
    """Whose reasons are shown."""
    return {each.practitioner_id for f in check.findings for each in f.overrides if each.practitioner_id}


def _summary(stopping: int, others: int) -> str:
    if not stopping and not others:
        return _("No rule speaks against it. That does not prove it safe.")
    parts = []
    if stopping:
        parts.append(
            ngettext("%(n)d alert needs a reason", "%(n)d alerts need a reason", stopping) % {"n": stopping}
        )
    if others:
        parts.append(ngettext("%(n)d to know", "%(n)d to know", others) % {"n": others})
    return ", ".join(parts)


def _row(
    finding: FindingView, names: Mapping[PractitionerId, str], zone: str, given: Mapping[str, str]
) -> Row:
    severity, tone = words.SEVERITY.get(finding.severity, (finding.severity, "plain"))
    return Row(
        key=finding.key,
        severity=str(severity),
        tone=tone,
        kind=str(words.KIND.get(finding.kind, finding.kind)),
        names=" + ".join(finding.names),
        mechanism=words.in_language(finding.mechanism),
        advice=words.in_language(finding.advice),
        citation=finding.citation,
        rule=finding.rule,
        dated=words.day(finding.dated_on, zone),
        needs_reason=finding.needs_reason,
        earlier=tuple(
            Earlier(
                by=names.get(each.practitioner_id, _("A clinician")) if each.practitioner_id else "",
                day=words.day(each.at, zone),
                iso=each.at.isoformat(),
                reason=each.reason,
            )
            for each in finding.overrides
        ),
        given=given.get(finding.key, ""),
    )


def _not_checked(check: CheckView) -> tuple[str, ...]:
    """One line for each reason, with the names it is about: ten pairs without a rule are one line."""
    by_why: dict[str, list[str]] = {}
    for each in check.not_checked:
        by_why.setdefault(each.why, []).append(" + ".join(each.names))
    lines = []
    for why, names in by_why.items():
        said = ", ".join(dict.fromkeys(name for name in names if name))
        text = str(words.WHY_NOT.get(why, _("the rules were not there")))
        lines.append(f"{said}: {text}" if said else text[:1].upper() + text[1:])
    return tuple(lines)


def _packs(check: CheckView, now: datetime) -> str:
    said = []
    for pack in check.packs:
        days = (now.date() - pack.issued_on).days
        age = ngettext("%(n)d day old", "%(n)d days old", days) % {"n": max(days, 0)}
        said.append(f"{pack.name} {pack.version} ({age})")
    return ", ".join(said)
