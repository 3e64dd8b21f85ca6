"""A newer release of RxNorm may know what an older one did not: what nobody could read is read again.

What was understood keeps the code and the release it was understood with. A reading that changes is a version
of its own, in the source's unchanged words; a decision stands, for the words are the same.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max

from medications import charts, reading, recording
from medications.charts import Locked
from medications.lines import SAID
from medications.models import Statement, StatementVersion
from medications.models.lines import Line
from medications.types import LineState
from steadwell import events
from steadwell.actor import system
from steadwell.ids import PersonId
from steadwell.outbox import service as outbox
from steadwell.terminology import service as terminology

ACTOR = system("medications.reading")
KIND = "medications.read_again"
EVERY = timedelta(hours=1)
_MOST = 500


def sweep(row: outbox.DueRow, ctx: outbox.DeliveryContext) -> None:
    """Promise it for each patient with something that an older release could not read."""
    release = terminology.release().name
    waiting = Line.objects.filter(state=LineState.AMBIGUOUS.value).order_by("open_since", "id")
    people = list(dict.fromkeys(waiting.values_list("person_id", flat=True)[: 20 * _MOST]))
    older = Statement.objects.filter(person_id__in=people).exclude(needs="").exclude(release=release)
    wanted = sorted(set(older.values_list("person_id", flat=True)[:_MOST]))
    outbox.publish_many([events.MedicationsReadAgainDue(person_id=each) for each in wanted], now=ctx.now)


def read_again(event: events.MedicationsReadAgainDue, ctx: outbox.DeliveryContext) -> None:
    """One patient's, in one transaction. Running it twice changes nothing more."""
    chart = charts.lock(PersonId(event.person_id), ctx.now)
    release = terminology.release().name
    older = Statement.objects.filter(person_id__in=chart.ids).exclude(needs="").exclude(release=release)
    changed = [each for each in older.order_by("pk") if _read(each, chart, release)]
    if changed:
        recording.resettle(chart)
    for each in changed:
        recording.tell(
            actor=ACTOR, chart=chart, action="medication.read-again", entity_id=each.pk,
            person_id=PersonId(each.person_id),
        )  # fmt: skip


def _read(statement: Statement, chart: Locked, release: str) -> bool:
    """Whether it is read in another way now; if so, as its next version."""
    drug, found = reading.drug_columns(statement.drug_text, statement.code_sent)
    drug["needs"] = drug["needs"] or (statement.needs if statement.needs == reading.STATUS_UNKNOWN else "")
    drug |= {"drug_name": found.name[:500], "key": reading.key_of(statement.pk, found)}
    if all(getattr(statement, name) == value for name, value in drug.items() if name not in _SAME):
        Statement.objects.filter(pk=statement.pk).update(release=release)
        return False
    newest = _newest(statement.pk)
    said: dict[str, Any] = {name: getattr(statement, name) for name in SAID} | drug
    StatementVersion.objects.create(
        **said, entity_id=statement.pk, version=newest + 1, supersedes=statement.shown_version,
        valid_from=statement.said_at, valid_to=None, person_id=statement.person_id,
        content_digest=reading.again_digest(statement.pk, newest, release),
        **charts.stamp(
            ACTOR, chart.recorded_at, subject_id=PersonId(statement.person_id), source=statement.system,
            reason="read-again",
        ),
    )  # fmt: skip
    Statement.objects.filter(pk=statement.pk).update(
        **drug, version=newest + 1, shown_version=newest + 1, changed_at=chart.recorded_at
    )
    return True


_SAME = frozenset({"release", "reading_reason"})


def _newest(statement_id: UUID) -> int:
    found = StatementVersion.objects.filter(entity_id=statement_id).aggregate(newest=Max("version"))
    return int(found["newest"])
