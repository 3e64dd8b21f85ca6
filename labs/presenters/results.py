"""One result as its patient reads it: value, where it lies, a picture, what it means, how it was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from labs import pictures
from labs.pictures import RangePicture
from labs.presenters import words
from labs.presenters.trends import TrendView, trends
from labs.types import Flag, Point, ResultView, Status, ValueKind
from steadwell.portal import service as portal

# What a laboratory writes about a medicine against a germ (EUCAST, CLSI M100; HL7 table 0078).
_WORKS = {"S": "good", "SDD": "", "I": "", "R": "warn", "NS": "warn"}
_TAKEN_BACK = frozenset({Status.ENTERED_IN_ERROR, Status.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What it said before and what it says now. ``now`` is empty where it was taken back."""

    day: str
    iso: str
    before: str
    before_words: str
    now: str
    now_words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Medicine:
    name: str
    words: str
    tone: str
    measured: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultLine:
    """``absent`` says why there is no value; ``checking``: the clinic makes sure of it; ``text`` is a longer
    answer in words.
    """

    id: UUID
    name: str
    value: str
    unit: str
    text: str
    words: str
    tone: str
    usual: str
    picture: RangePicture | None
    picture_words: str
    status: str
    status_tone: str
    absent: str
    checking: bool
    disagree: bool
    is_withdrawn: bool
    notes: tuple[str, ...]
    correction: Correction | None
    plain: str
    source: str
    trends: tuple[TrendView, ...]
    medicines: tuple[Medicine, ...]
    is_remarkable: bool
    is_urgent: bool
    has_more: bool


def lines(
    results: Sequence[ResultView],
    *,
    before: Mapping[UUID, ResultView],
    points: Mapping[str, list[Point]],
    zone: ZoneInfo,
) -> tuple[ResultLine, ...]:
    """In the laboratory's order; what hangs under another (a medicine under its germ) is shown with it."""
    keys = {result.key for result in results}
    under: dict[str, list[ResultView]] = {}
    for result in results:
        if result.parent_key in keys:
            under.setdefault(result.parent_key, []).append(result)
    return tuple(
        _line(
            result,
            before=before.get(result.result_id),
            points=points.get(result.loinc, []) if result.loinc else [],
            medicines=under.get(result.key, []),
            zone=zone,
        )
        for result in results
        if result.parent_key not in keys
    )


def _line(
    result: ResultView,
    *,
    before: ResultView | None,
    points: list[Point],
    medicines: Sequence[ResultView],
    zone: ZoneInfo,
) -> ResultLine:
    value, unit = words.value_of(result)
    said, tone = words.flag_words(result)
    withdrawn, checking = result.status in _TAKEN_BACK, is_checked(result)
    name = words.name_of(result.loinc, result.name)
    plain, source = words.explained(result.loinc)
    is_text = result.kind in {ValueKind.TEXT, ValueKind.CODED} and len(value) > 28
    usual = words.range_words(result.range_low, result.range_high, unit, result.range_text)
    picture = None if withdrawn or checking else _picture(result)
    drawn = _trends(points, name, result, zone) if not withdrawn else ()
    status = words.STATUS_WORDS.get(result.status)
    return ResultLine(
        id=result.result_id,
        name=name,
        value="" if is_text else value,
        unit=unit,
        text=value if is_text else "",
        words="" if checking else said,
        tone=tone,
        usual=usual,
        picture=picture,
        picture_words=_picture_words(result, name, value, unit, said, usual),
        status=str(status[0]) if status else "",
        status_tone=status[1] if status else "",
        absent=words.absent_words(result) if result.kind is ValueKind.ABSENT and not withdrawn else "",
        checking=checking,
        disagree=result.flags_disagree and not checking,
        is_withdrawn=withdrawn,
        notes=result.notes,
        correction=_correction(result, before, zone),
        plain=plain,
        source=source,
        trends=drawn,
        medicines=tuple(_medicine(each) for each in medicines),
        is_remarkable=result.flag not in {None, Flag.NORMAL, Flag.OTHER} and not withdrawn and not checking,
        is_urgent=result.critical and not withdrawn and not checking,
        has_more=bool(plain or drawn),
    )


def _trends(points: list[Point], name: str, result: ResultView, zone: ZoneInfo) -> tuple[TrendView, ...]:
    """Only where there is something to compare with."""
    if len(points) < 2:
        return ()
    return trends(points, name=name, loinc=result.loinc, zone=zone, current=result.result_id)


def _picture(result: ResultView) -> RangePicture | None:
    if result.quantity is None:
        return None
    return pictures.range_bar(
        result.quantity.value,
        low=result.range_low,
        high=result.range_high,
        comparator=result.quantity.comparator,
        place=words.place_of(result),
    )


def _picture_words(result: ResultView, name: str, value: str, unit: str, said: str, usual: str) -> str:
    text = f"{name}: {value} {unit}".strip()
    if said:
        text = f"{text}. {said}"
    return f"{text}. {_('Usual: %(range)s.') % {'range': usual}}" if usual else text


def _correction(result: ResultView, before: ResultView | None, zone: ZoneInfo) -> Correction | None:
    if before is None:
        return None
    day = result.recorded_at.astimezone(zone).date()
    withdrawn = result.status in _TAKEN_BACK
    return Correction(
        day=portal.day_text(day),
        iso=day.isoformat(),
        before=_whole(before),
        before_words=words.flag_words(before)[0],
        now="" if withdrawn else _whole(result),
        now_words="" if withdrawn else words.flag_words(result)[0],
    )


def _whole(result: ResultView) -> str:
    value, unit = words.value_of(result)
    if result.kind is ValueKind.ABSENT:
        return words.absent_words(result)
    return f"{value}\N{NO-BREAK SPACE}{unit}" if unit else value


def _medicine(result: ResultView) -> Medicine:
    """How well a medicine works against the germ above it."""
    told = {result.flag_sent.upper(), result.value_text.upper()} & _WORKS.keys()
    verdict = next(iter(told), "")
    value, unit = words.value_of(result)
    return Medicine(
        name=words.name_of(result.loinc, result.name),
        words=_verdict(verdict) or words.flag_words(result)[0],
        tone=_WORKS.get(verdict, ""),
        measured="" if value.upper() in _WORKS else f"{value} {unit}".strip(),
    )


def _verdict(code: str) -> str:
    return {
        "S": _("Should work"),
        "SDD": _("Works at a higher dose"),
        "I": _("May work at a higher dose"),
        "R": _("Would not work"),
        "NS": _("May not work"),
    }.get(code, "")


def is_checked(result: ResultView) -> bool:
    """Whether the clinic has to make sure of it first: it could not be read, or its unit means nothing."""
    number_without_unit = result.kind is ValueKind.NUMBER and result.quantity is None
    return bool(result.problem) or (number_without_unit and bool(result.unit_reason))


def when(at: datetime, zone: ZoneInfo) -> str:
    text: str = portal.day_text(at.astimezone(zone).date())
    return text
