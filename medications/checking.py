"""The safety checks before a decision, in its transaction: what they said is kept, and why somebody went on.

The rules are medications.safety's. A missing or expired pack refuses there, and so here: nothing is decided
unchecked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from medications import doses, ports
from medications.charts import Locked
from medications.errors import ReasonNeeded
from medications.models import Allergy, Override, SafetyCheck
from medications.safety import checking as engine
from medications.safety import types as safety
from medications.settling import Settled
from medications.status import TAKEN
from medications.types import CheckView, Dosage, FindingView, NotCheckedView, OverrideView, PackView
from steadwell.actor import Actor
from steadwell.ids import PersonId, PractitionerId, UserId, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be taken from now on: a drug as read, with its dosage."""

    key: str
    name: str
    rxcui: str
    ingredient_names: tuple[str, ...]
    dosage: Dosage
    is_ambiguous: bool = False


def of_line(line: Settled) -> Change:
    return Change(
        key=line.key, name=line.name, rxcui=line.rxcui, ingredient_names=line.ingredient_names,
        dosage=doses.read(line.dosage_text), is_ambiguous="drug-ambiguous" in line.needs,
    )  # fmt: skip


def ask(
    *,
    ids: Sequence[PersonId],
    lines: Iterable[Settled],
    change: Change,
    leaving_out: Iterable[str],
    now: datetime,
) -> CheckView:
    """What the rules say of a change beside all else that is taken. ``leaving_out``: keys that it replaces.

    Two statements, and those of the wiring that know age, weight and kidney function.
    """
    out = {change.key, *leaving_out}
    staying = [of_line(line) for line in lines if line.status in TAKEN and line.key not in out]
    facts = ports.care().facts(person_id=ids[0], now=now)
    allergies = _allergies(ids)
    told = engine.check_change(
        drugs=[_drug(each) for each in staying],
        adding=[_drug(change)],
        allergies=allergies,
        facts=safety.Facts(
            age_years=_years(facts.birth_date, now.date()), weight_kg=facts.weight_kg, egfr=facts.egfr,
            egfr_at=facts.egfr_at, allergies_known=bool(allergies),
        ),
        now=now,
    )  # fmt: skip
    view = _view(told, now)
    return _with_overrides(view, ids)


def keep(
    view: CheckView, *, actor: Actor, chart: Locked, about: UUID, act: str, reasons: Mapping[str, str]
) -> CheckView:
    """Write the run down, with a reason for each finding that needs one; refuse without. At most two inserts.

    A finding overridden before still needs its reason: the earlier one is shown, never carried over.
    """
    asking = [finding for finding in view.findings if finding.needs_reason]
    given = {finding.key: reasons.get(finding.key, "").strip()[:500] for finding in asking}
    if not all(given.values()):
        raise ReasonNeeded(view)
    check_id = note(view, chart=chart, about=about, act=act)
    Override.objects.bulk_create(
        Override(
            id=new_id(), run_id=check_id, person_id=chart.person_id, finding_key=key, reason=reason,
            rule_id=next(f.rule for f in asking if f.key == key), by_id=actor.user_id,
            practitioner_id=actor.practitioner_id, at=chart.recorded_at,
        )
        for key, reason in given.items()
    )  # fmt: skip
    return replace(view, check_id=check_id)


def note(view: CheckView, *, chart: Locked, about: UUID, act: str) -> UUID:
    """The run alone: of what a patient enters, nobody asks for reasons."""
    row = SafetyCheck.objects.create(
        id=new_id(),
        person_id=chart.person_id,
        about=about,
        act=act,
        at=chart.recorded_at,
        findings=[_finding_row(each) for each in view.findings],
        not_checked=[
            {"why": n.why, "kind": n.kind, "names": list(n.names), "rule": n.rule} for n in view.not_checked
        ],
        packs=[
            {
                "name": p.name,
                "version": p.version,
                "issued_on": p.issued_on.isoformat(),
                "expires_on": p.expires_on.isoformat(),
                "publisher": p.publisher,
            }
            for p in view.packs
        ],
        rule_ids=[each.rule for each in view.findings if each.needs_reason],
        alerts=sum(each.needs_reason for each in view.findings),
    )
    return row.pk


def kept(rows: Iterable[SafetyCheck]) -> list[CheckView]:
    """Runs as they were shown, each with the reasons given then. One statement."""
    found = list(rows)
    reasons: dict[tuple[UUID, str], OverrideView] = {}
    for row in Override.objects.filter(run_id__in=[each.pk for each in found]):
        reasons[row.run_id, row.finding_key] = _override(row)
    return [_from_row(row, reasons) for row in found]


def _from_row(row: SafetyCheck, reasons: Mapping[tuple[UUID, str], OverrideView]) -> CheckView:
    findings = []
    for each in row.findings:
        given = reasons.get((row.pk, each["key"]))
        findings.append(
            FindingView(
                **{**each, "names": tuple(each["names"]), "ingredients": tuple(each["ingredients"])}
                | {"dated_on": date.fromisoformat(each["dated_on"])},
                overrides=(given,) if given else (),
            )
        )
    return CheckView(
        check_id=row.pk, at=row.at, findings=tuple(findings),
        not_checked=tuple(NotCheckedView(**{**n, "names": tuple(n["names"])}) for n in row.not_checked),
        packs=tuple(
            PackView(
                name=p["name"], version=p["version"], issued_on=date.fromisoformat(p["issued_on"]),
                expires_on=date.fromisoformat(p["expires_on"]), publisher=p["publisher"],
            )
            for p in row.packs
        ),
    )  # fmt: skip


def _drug(change: Change) -> safety.Drug:
    known = doses.product(change.rxcui)
    return safety.Drug(
        key=change.key, name=change.name, ingredients=change.ingredient_names,
        doubt="ambiguous" if change.is_ambiguous else "", route=known.route,
        daily_mg=doses.daily_mg(known, change.dosage), days_per_week=doses.days_per_week(change.dosage),
    )  # fmt: skip


def _allergies(ids: Sequence[PersonId]) -> list[safety.Allergy]:
    rows = Allergy.objects.filter(person_id__in=ids, status__in=("active", "unknown")).order_by("pk")
    return [
        safety.Allergy(
            key=str(row.pk), name=row.substance_name or row.substance_text,
            ingredients=tuple(row.ingredient_names), reaction=row.reaction_text,
        )
        for row in rows
    ]  # fmt: skip


def _view(told: safety.Checked, now: datetime) -> CheckView:
    return CheckView(
        check_id=None, at=now,
        findings=tuple(
            FindingView(
                key=f.fingerprint[:250], kind=f.kind.value, severity=f.severity.value, names=f.names,
                ingredients=f.ingredients, mechanism=dict(f.mechanism), advice=dict(f.advice), rule=f.rule,
                citation=f.citation, pack=f.pack, version=f.version, dated_on=f.dated_on,
                needs_reason=f.stops,
            )
            for f in told.findings
        ),
        not_checked=tuple(
            NotCheckedView(why=n.why.value, kind=n.kind.value if n.kind else "", names=n.names, rule=n.rule)
            for n in told.not_checked
        ),
        packs=tuple(
            PackView(
                name=p.name, version=p.version, issued_on=p.issued_on, expires_on=p.expires_on,
                publisher=p.publisher,
            )
            for p in told.packs
        ),
    )  # fmt: skip


def _with_overrides(view: CheckView, ids: Sequence[PersonId]) -> CheckView:
    """What the prescribers before gave as reasons for the same, newest first."""
    keys = [finding.key for finding in view.findings]
    if not keys:
        return view
    given: dict[str, list[OverrideView]] = {}
    rows = Override.objects.filter(person_id__in=ids, finding_key__in=keys).order_by("-at")
    for row in rows[:200]:
        given.setdefault(row.finding_key, []).append(_override(row))
    findings = tuple(replace(f, overrides=tuple(given.get(f.key, ()))) for f in view.findings)
    return replace(view, findings=findings)


def _override(row: Override) -> OverrideView:
    return OverrideView(
        by=UserId(row.by_id) if row.by_id else None,
        practitioner_id=PractitionerId(row.practitioner_id) if row.practitioner_id else None,
        at=row.at, reason=row.reason,
    )  # fmt: skip


def _finding_row(each: FindingView) -> dict[str, Any]:
    return {
        "key": each.key, "kind": each.kind, "severity": each.severity, "names": list(each.names),
        "ingredients": list(each.ingredients), "mechanism": dict(each.mechanism),
        "advice": dict(each.advice), "rule": each.rule, "citation": each.citation, "pack": each.pack,
        "version": each.version, "dated_on": each.dated_on.isoformat(), "needs_reason": each.needs_reason,
    }  # fmt: skip


def _years(born: date | None, today: date) -> Decimal | None:
    return (Decimal((today - born).days) / Decimal("365.2425")).quantize(Decimal("0.01")) if born else None
