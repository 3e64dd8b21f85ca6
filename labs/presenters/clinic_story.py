"""What waits of a report, what was done with it, and what was written about it, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from labs.models.review import TaskKind
from labs.presenters import clinic_words, words
from labs.review.callbook import Call
from labs.review.inbox import Line
from labs.review.sameness import Question
from labs.review.story import Comment, Deed, Event
from steadwell.actor import Actor
from steadwell.ids import PractitionerId

Names = Mapping[PractitionerId, str]

DEEDS: Mapping[Deed, Promise] = {
    Deed.SIGNED: _lazy("%(by)s signed version %(version)d"),
    Deed.SIGNED_IN_BULK: _lazy("%(by)s signed version %(version)d together with other normal results"),
    Deed.ACKNOWLEDGED: _lazy("%(by)s has seen the correction"),
    Deed.DELEGATED: _lazy("%(by)s handed it to %(to)s"),
    Deed.TAKEN: _lazy("%(to)s took it from the queue"),
    Deed.ESCALATED: _lazy("Not read in time: the whole clinic sees it"),
    Deed.FOLLOW_UP: _lazy("%(by)s asked for: %(text)s"),
    Deed.FOLLOW_UP_ARRIVED: _lazy("Arrived: %(text)s"),
    Deed.FOLLOW_UP_SETTLED: _lazy("Settled by a person: %(text)s"),
    Deed.CALLED: _lazy("%(by)s was told of a critical value"),
    Deed.CALL_ESCALATED: _lazy("Nobody confirmed the critical value in time: more people were told"),
    Deed.MISREAD: _lazy("%(by)s read the critical value back wrongly: %(text)s"),
    Deed.CONFIRMED: _lazy("%(by)s confirmed the critical value: %(text)s"),
    Deed.WITHDRAWN: _lazy("The critical value counts no longer"),
}


def task_rows(tasks: Iterable[Line], *, actor: Actor, names: Names) -> list[dict[str, object]]:
    """What waits, with the address of each act. The actor's own come first."""
    return [
        {
            "kind": task.kind.value,
            "is_follow_up": task.kind is TaskKind.FOLLOW_UP,
            "is_correction": task.kind is TaskKind.CORRECTION,
            "is_mine": task.holder_id is not None and task.holder_id == actor.practitioner_id,
            "holder": names.get(task.holder_id, "") if task.holder_id else "",
            "what": task.follow_up,
            "version": task.version,
            "take_url": _act(task, "take") if actor.practitioner_id not in {None, task.holder_id} else "",
            "delegate_url": _act(task, "delegate"),
            "acknowledge_url": _act(task, "acknowledge"),
            "settle_url": _act(task, "settle"),
        }
        for task in tasks
    ]


def _act(task: Line, act: str) -> str:
    return reverse("clinic-labs:task", args=[task.task_id, act])


def question_rows(
    questions: Iterable[Question], *, report_id: UUID, zone: str, now: datetime
) -> list[dict[str, str]]:
    """Reports that may be this one, with where to look and where to answer."""
    moment = clinic_words.short_moment
    return [
        {
            "name": words.name_of(each.loinc, each.name),
            "when": moment(each.told_at or each.collected_at, zone, now=now),
            "url": reverse("clinic-labs:report", args=[each.other_id]),
            "answer_url": reverse("clinic-labs:same", args=[report_id, each.question_id]),
        }
        for each in questions
    ]


def story_rows(events: Sequence[Event], *, names: Names, zone: str, now: datetime) -> list[tuple[str, str]]:
    """When, and what; newest first."""
    colleague = _("a colleague")
    return [
        (
            clinic_words.short_moment(event.at, zone, now=now),
            str(DEEDS[event.deed])
            % {
                "by": names.get(event.by, colleague) if event.by else colleague,
                "to": names.get(event.to, colleague) if event.to else colleague,
                "version": event.version,
                "text": event.text,
            }
            + (f" – {event.text}" if event.deed is Deed.DELEGATED and event.text else ""),
        )
        for event in events
    ]


def comment_rows(
    comments: Sequence[Comment], *, names: Names, zone: str, now: datetime
) -> list[dict[str, object]]:
    return [
        {
            "to_patient": comment.to_patient,
            "text": comment.text,
            "by": names.get(comment.by, _("a colleague")) if comment.by else _("a colleague"),
            "when": clinic_words.short_moment(comment.at, zone, now=now),
            "version": comment.version,
        }
        for comment in comments
    ]


def call_rows(calls: Iterable[Call], *, now: datetime) -> list[dict[str, object]]:
    """Critical values with the form by which they are confirmed."""
    return [
        {
            "call_id": call.call_id,
            "test": words.name_of(call.value.loinc, call.value.name) if call.value else "",
            "value": clinic_words.value_text(call.value) if call.value else "",
            "flag": clinic_words.flag_of(call.value)[0] if call.value else "",
            "usual": clinic_words.range_text(call.value) if call.value else "",
            "waited": clinic_words.length(now - call.opened_at),
            "level": call.level,
            "url": reverse("clinic-labs:confirm", args=[call.call_id]),
            "report_url": reverse("clinic-labs:report", args=[call.report_id]),
        }
        for call in calls
    ]
