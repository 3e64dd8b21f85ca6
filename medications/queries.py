"""Reads, each with its audit row. A list is five statements and one insert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce

from medications import access, charts, checking, lines, viewing
from medications.errors import MedicineNotFound
from medications.models import (
    Allergy,
    AllergyVersion,
    DecisionVersion,
    Line,
    Override,
    SafetyCheck,
    Statement,
    StatementVersion,
)
from medications.models.lines import OPEN
from medications.recording import CATEGORY, State
from medications.settling import Ruling, Settled
from medications.types import (
    AlertCount,
    AllergyView,
    CheckView,
    LineState,
    LineView,
    MedicineList,
    QueueItem,
    RuleUse,
    StatementView,
    VersionView,
)
from steadwell.actor import Actor
from steadwell.audit import service as audit
from steadwell.ids import PersonId, SiteId

MOST = 200
_QUEUE = ("id", "person_id", "name", "state", "what", "open_since", "reopened")


def get_list(*, actor: Actor, person_id: PersonId, now: datetime) -> MedicineList:
    """A patient's medicines and allergies as they count now. MedicineNotFound for anybody who may not."""
    ids = charts.ids_of(person_id)
    access.may_read(actor, ids)
    rows = {row["id"]: row for row in lines.rows_now(ids)}
    decided = lines.rulings(ids)
    found = lines.settled(ids[0], rows.values(), decided)
    revisions = _revisions(ids[0])
    _note(actor, "medication.list", person_id, None, now)
    return MedicineList(
        person_id=ids[0], revision=charts.revision_of(ids[0]),
        lines=views(ids[0], found, rows, decided, revisions), allergies=_allergies(ids),
    )  # fmt: skip


def as_known(*, actor: Actor, person_id: PersonId, at: datetime, now: datetime) -> MedicineList:
    """The list as it was known at a moment: the same function of what was recorded by then."""
    ids = charts.ids_of(person_id)
    access.may_read(actor, ids)
    rows = {row["id"]: row for row in lines.rows_then(ids, at)}
    decided = lines.rulings(ids, at=at)
    found = lines.settled(ids[0], rows.values(), decided)
    _note(actor, "medication.list-history", person_id, None, now)
    return MedicineList(
        person_id=ids[0], revision=0, lines=views(ids[0], found, rows, decided, {}),
        allergies=_allergies_then(ids, at),
    )  # fmt: skip


def get_line(*, actor: Actor, line_id: UUID, now: datetime) -> LineView:
    """One line. MedicineNotFound also when no source says so any more."""
    person_id = _person_of_line(line_id)
    found = get_list_unseen(actor, person_id)
    view = next((line for line in found if line.line_id == line_id), None)
    if view is None:
        raise MedicineNotFound
    _note(actor, "medication.view", person_id, line_id, now)
    return view


def get_list_unseen(actor: Actor, person_id: PersonId) -> tuple[LineView, ...]:
    """The lines without an audit row: for a caller that writes its own."""
    ids = charts.ids_of(person_id)
    access.may_read(actor, ids)
    rows = {row["id"]: row for row in lines.rows_now(ids)}
    decided = lines.rulings(ids)
    found = lines.settled(ids[0], rows.values(), decided)
    return views(ids[0], found, rows, decided, _revisions(ids[0]))


def line_in(state: State, line_id: UUID) -> LineView:
    """One line within a write, as it stands there."""
    revisions = _revisions(state.chart.person_id)
    found = views(state.chart.person_id, state.found, state.rows, state.decided, revisions)
    view = next((line for line in found if line.line_id == line_id), None)
    if view is None:
        raise MedicineNotFound
    return view


def get_statement(*, actor: Actor, statement_id: UUID, now: datetime) -> StatementView:
    row = Statement.objects.filter(pk=statement_id).values("person_id").first()
    if row is None:
        raise MedicineNotFound
    found = get_list_unseen(actor, PersonId(row["person_id"]))
    _note(actor, "medication.view", PersonId(row["person_id"]), statement_id, now)
    return next(
        each.statement
        for line in found
        for each in line.evidence
        if each.statement.statement_id == statement_id
    )


def list_versions(*, actor: Actor, statement_id: UUID, now: datetime) -> tuple[VersionView, ...]:
    """Everything a source said in one statement, oldest first."""
    head = Statement.objects.filter(pk=statement_id).first()
    _may_read_entity(actor, head.person_id if head else None)
    assert head is not None  # noqa: S101 - refused above
    rows = StatementVersion.objects.filter(entity_id=statement_id).order_by("version")
    _note(actor, "medication.history", PersonId(head.person_id), statement_id, now)
    return viewing.versions(rows, shown=head.shown_version, names=viewing.STATEMENT_CONTENT)


def list_allergy_versions(*, actor: Actor, allergy_id: UUID, now: datetime) -> tuple[VersionView, ...]:
    head = Allergy.objects.filter(pk=allergy_id).first()
    _may_read_entity(actor, head.person_id if head else None)
    assert head is not None  # noqa: S101 - refused above
    rows = AllergyVersion.objects.filter(entity_id=allergy_id).order_by("version")
    _note(actor, "allergy.history", PersonId(head.person_id), allergy_id, now)
    return viewing.versions(rows, shown=head.shown_version, names=viewing.ALLERGY_CONTENT)


def list_decisions(*, actor: Actor, line_id: UUID, now: datetime) -> tuple[VersionView, ...]:
    """Everything that was decided about a line or a statement, reversals included, oldest first."""
    rows = list(DecisionVersion.objects.filter(entity_id=line_id).order_by("version"))
    person_id = rows[0].person_id if rows else _person_of_line(line_id)
    _may_read_entity(actor, person_id)
    _note(actor, "medication.history", PersonId(person_id), line_id, now)
    return viewing.versions(rows, shown=None, names=viewing.DECISION_CONTENT)


def list_checks(*, actor: Actor, about: UUID, now: datetime) -> tuple[CheckView, ...]:
    """What the rules said about a line, order or refill at each decision, newest first."""
    rows = list(SafetyCheck.objects.filter(about=about).order_by("-at")[:50])
    if not rows:
        return ()
    _may_read_entity(actor, rows[0].person_id)
    _note(actor, "medication.checks", PersonId(rows[0].person_id), about, now)
    return tuple(checking.kept(rows))


def list_to_reconcile(
    *, actor: Actor, site_id: SiteId, now: datetime, limit: int = 50
) -> tuple[QueueItem, ...]:
    """A site's lines whose sources disagree, the longest open first."""
    return _queue(actor, site_id, LineState.CONFLICT, limit, now)


def list_not_understood(
    *, actor: Actor, site_id: SiteId, now: datetime, limit: int = 50
) -> tuple[QueueItem, ...]:
    """A site's lines with something nobody could read, the longest open first."""
    return _queue(actor, site_id, LineState.AMBIGUOUS, limit, now)


def _queue(
    actor: Actor, site_id: SiteId, state: LineState, limit: int, now: datetime
) -> tuple[QueueItem, ...]:
    access.may_see_queue(actor, site_id)
    # Named by the open states first: that is the partial index it is read from.
    rows = Line.objects.filter(state__in=OPEN, site_ids__contains=[site_id]).filter(state=state.value)
    found = tuple(
        QueueItem(
            line_id=row["id"], person_id=PersonId(row["person_id"]), name=row["name"],
            state=LineState(row["state"]), what=tuple(row["what"]), since=row["open_since"],
            reopened=row["reopened"],
        )
        for row in rows.order_by("open_since", "id").values(*_QUEUE)[: min(limit, MOST)]
    )  # fmt: skip
    seen = dict.fromkeys(each.person_id for each in found)
    audit.record_many(
        [
            audit.Entry(action="medication.queue", category=CATEGORY, subject_id=each, site_ids=(site_id,))
            for each in seen
        ],
        actor=actor,
        now=now,
    )
    return found


def list_alerts_per_rule(
    *, actor: Actor, since: datetime, now: datetime, limit: int = 50
) -> tuple[RuleUse, ...]:
    """How often each rule asked for a reason since a moment, and how often somebody went on; most first."""
    access.may_count_alerts(actor)
    given = dict(
        Override.objects.filter(at__gte=since, at__lte=now)
        .values_list("rule_id")
        .annotate(number=Count("id"))
        .order_by()
    )
    counts: dict[str, int] = {}
    for rules in SafetyCheck.objects.filter(at__gte=since, at__lte=now, alerts__gt=0).values_list(
        "rule_ids", flat=True
    ):
        for rule in rules:
            counts[rule] = counts.get(rule, 0) + 1
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:limit]
    return tuple(RuleUse(rule_id=r, alerts=n, overridden=given.get(r, 0)) for r, n in ordered)


def get_alert_count(*, actor: Actor, since: datetime, now: datetime) -> AlertCount:
    """Alerts per order: of prescriptions, decisions and refills, never of what patients enter."""
    access.may_count_alerts(actor)
    rows = SafetyCheck.objects.filter(at__gte=since, at__lte=now, act__in=("prescribe", "settle", "refill"))
    found = rows.aggregate(
        orders=Count("id"), with_alerts=Count("id", filter=Q(alerts__gt=0)), total=Coalesce(Sum("alerts"), 0)
    )
    return AlertCount(orders=found["orders"], with_alerts=found["with_alerts"], alerts=found["total"])


def views(
    person_id: PersonId,
    found: Sequence[Settled],
    rows: Mapping[UUID, Mapping[str, Any]],
    decided: Mapping[UUID, Ruling],
    revisions: Mapping[UUID, tuple[int, datetime]],
) -> tuple[LineView, ...]:
    views = []
    for each in found:
        newest = max(rows[word.statement_id]["changed_at"] for word in each.words)
        revision, changed_at = revisions.get(each.line_id, (0, newest))
        views.append(
            viewing.line(
                each, rows, person_id=person_id, revision=revision, changed_at=changed_at, decided=decided
            )
        )
    return tuple(sorted(views, key=viewing.list_order))


def _revisions(person_id: PersonId) -> dict[UUID, tuple[int, datetime]]:
    rows = Line.objects.filter(person_id=person_id).values_list("id", "revision", "changed_at")
    return {pk: (revision, at) for pk, revision, at in rows}


def _allergies(ids: Sequence[PersonId]) -> tuple[AllergyView, ...]:
    rows = Allergy.objects.filter(person_id__in=ids).order_by("substance_name", "pk").values()
    return tuple(viewing.allergy(row) for row in rows)


def _allergies_then(ids: Sequence[PersonId], at: datetime) -> tuple[AllergyView, ...]:
    heads = {row["id"]: row for row in Allergy.objects.filter(person_id__in=ids).values()}
    shown: dict[UUID, dict[str, Any]] = {}
    rows = AllergyVersion.objects.filter(person_id__in=ids, recorded_at__lte=at).order_by(
        "said_at", "version"
    )
    for row in rows.values("entity_id", "version", "recorded_at", *viewing.SAID_ALLERGY):
        shown[row["entity_id"]] = {**heads[row["entity_id"]], **row, "changed_at": row["recorded_at"]}
    return tuple(
        viewing.allergy(row) for row in sorted(shown.values(), key=lambda r: (r["substance_name"], r["id"]))
    )


def _may_read_entity(actor: Actor, person_id: UUID | None) -> None:
    if person_id is None:
        raise MedicineNotFound
    access.may_read(actor, charts.ids_of(PersonId(person_id)))


def _person_of_line(line_id: UUID) -> PersonId:
    found = Line.objects.filter(pk=line_id).values_list("person_id", flat=True).first()
    if found is None:
        raise MedicineNotFound
    return PersonId(found)


def _note(actor: Actor, action: str, person_id: PersonId, entity_id: UUID | None, now: datetime) -> None:
    audit.record(
        actor=actor, action=action, category=CATEGORY, now=now, subject_id=person_id, entity_id=entity_id
    )
