"""Rules in numbers. A rule whose alerts are nearly always passed is one that nobody reads any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from medications.presenters import words
from medications.safety.pack import Rule, Rules
from medications.types import AlertCount, RuleUse

# Overridden more often than this, a rule informs nobody; and only where it spoke often enough to tell.
ANNOYS_FROM, OFTEN = 80, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``share`` in per cent of alerts that were passed with a reason."""

    rule: str
    what: str
    severity: str
    tone: str
    citation: str
    alerts: int
    overridden: int
    share: int
    annoys: bool


def rows(uses: Sequence[RuleUse], rules: Rules | None) -> list[Row]:
    known: dict[str, Rule] = {}
    if rules is not None:
        every: tuple[Rule, ...] = (
            *rules.interactions,
            *rules.duplicates,
            *rules.allergies,
            *rules.limits,
        )
        known = {rule.id: rule for rule in every}
    return [_row(use, known.get(use.rule_id)) for use in uses]


def _row(use: RuleUse, rule: Rule | None) -> Row:
    share = round(100 * use.overridden / use.alerts) if use.alerts else 0
    severity, tone = words.SEVERITY.get(rule.severity.value, ("", "plain")) if rule else ("", "plain")
    return Row(
        rule=use.rule_id,
        what=words.in_language(rule.mechanism) if rule else "",
        severity=str(severity),
        tone=tone,
        citation=rule.citation if rule else "",
        alerts=use.alerts,
        overridden=use.overridden,
        share=share,
        annoys=share >= ANNOYS_FROM and use.alerts >= OFTEN,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    orders: int
    with_alerts: int
    alerts: int
    per_order: str


def count(found: AlertCount) -> Count:
    per_order = found.alerts / found.orders if found.orders else 0
    return Count(
        orders=found.orders,
        with_alerts=found.with_alerts,
        alerts=found.alerts,
        per_order=number_format(per_order, 2),
    )


def spans(days: Sequence[int], current: int) -> list[dict[str, object]]:
    return [
        {
            "label": ngettext("%(n)d day", "%(n)d days", span) % {"n": span},
            "url": f"?days={span}",
            "current": span == current,
        }
        for span in days
    ]


def pack_rows(rules: Rules, now: datetime) -> list[tuple[str, str]]:
    found = []
    for stamp in rules.stamps:
        left = (stamp.expires_on - now.date()).days
        said = _("by %(publisher)s, of %(day)s, valid for another %(days)d days") % {
            "publisher": stamp.publisher,
            "day": words.day(stamp.issued_on, "UTC"),
            "days": left,
        }
        found.append((f"{stamp.name} {stamp.version}", said))
    return found
