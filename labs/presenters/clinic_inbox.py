"""The clinician's inbox in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from labs.models.review import Rank, TaskKind
from labs.presenters import clinic_words, words
from labs.review.glances import Glance
from labs.review.inbox import MOST, Counts, Line, What, Who
from labs.types import ResultView
from steadwell.identity import service as identity
from steadwell.ids import PersonId, PractitionerId
from steadwell.portal import service as portal

TABS: Mapping[Who, Promise] = {
    Who.MINE: _lazy("For you"),
    Who.DELEGATED: _lazy("From colleagues"),
    Who.QUEUE: _lazy("The clinic's queue"),
    Who.DONE: _lazy("Read lately"),
}
KINDS: Mapping[What, Promise] = {
    What.ALL: _lazy("All"),
    What.CRITICAL: _lazy("Critical"),
    What.ABNORMAL: _lazy("Abnormal"),
    What.CORRECTED: _lazy("Corrected"),
    What.NORMAL: _lazy("Normal"),
}
RANKS: Mapping[Rank, tuple[Promise, str]] = {
    Rank.CRITICAL: (_lazy("Critical"), "bad"),
    Rank.ABNORMAL: (_lazy("Abnormal"), "warn"),
}
NOTHING: Mapping[Who, tuple[Promise, Promise]] = {
    Who.MINE: (_lazy("Everything is read"), _lazy("New results show here by themselves.")),
    Who.DELEGATED: (
        _lazy("Nothing from colleagues"),
        _lazy("What they hand to you, and what you read while they are away, shows here."),
    ),
    Who.QUEUE: (
        _lazy("The queue is empty"),
        _lazy("Results that name no clinician, and those not read in time, show here."),
    ),
    Who.DONE: (_lazy("Nothing yet"), _lazy("What you sign shows here.")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One value beside its report's name."""

    name: str
    value: str
    sign: str
    tone: str
    flag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    task_id: UUID
    url: str
    patient: str
    about: str
    test: str
    briefs: tuple[Brief, ...]
    more: str
    badges: tuple[tuple[str, str], ...]
    when: str
    iso: str
    plain: bool
    critical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Everything that the list shows, without its frame."""

    tabs: list[dict[str, object]]
    kinds: list[dict[str, object]]
    rows: list[Row]
    summary: str
    nothing: tuple[str, str]
    may_sign: bool
    newer_url: str
    older_url: str
    news_url: str


def look(who: Who, what: What = What.ALL, skip: int = 0) -> str:
    """The query of an address of the inbox."""
    asked = {"who": who.value, "what": what.value, "skip": str(skip)}
    usual = {"who": Who.MINE.value, "what": What.ALL.value, "skip": "0"}
    given = {name: value for name, value in asked.items() if value != usual[name]}
    return f"?{urlencode(given)}" if given else ""


def number(count: int) -> str:
    """A count; from ``MOST`` on it is not counted further."""
    return f"{count}+" if count >= MOST else str(count)


def tabs(counts: Counts, who: Who) -> list[dict[str, object]]:
    address = reverse("clinic-labs:inbox")
    return [
        {
            "label": label,
            "url": address + look(tab),
            "current": tab is who,
            "count": number(counts.of(tab)) if counts.of(tab) else "",
        }
        for tab, label in TABS.items()
    ]


def kinds(counts: Counts, who: Who, what: What) -> list[dict[str, object]]:
    """The filters of a tab; what one has closed is not told apart."""
    if who is Who.DONE:
        return []
    address = reverse("clinic-labs:inbox")
    return [
        {
            "label": label,
            "url": address + look(who, kind),
            "current": kind is what,
            "count": number(counts.of(who, kind)),
        }
        for kind, label in KINDS.items()
    ]


def summary(counts: Counts) -> str:
    """What a screen reader hears when the list has changed."""
    waiting = counts.of(Who.MINE)
    said = ngettext("%(n)s result to read", "%(n)s results to read", waiting) % {"n": number(waiting)}
    critical = counts.of(Who.MINE, What.CRITICAL)
    if not critical:
        return said
    return said + ", " + ngettext("%(n)d critical", "%(n)d critical", critical) % {"n": critical}


def rows(
    lines: Sequence[Line],
    *,
    names: Mapping[PersonId, identity.PersonSummary],
    glances: Mapping[UUID, Glance],
    colleagues: Mapping[PractitionerId, str],
    zones: Mapping[UUID, str],
    me: PractitionerId | None,
    who: Who,
    what: What,
    now: datetime,
) -> list[Row]:
    return [
        _row(
            line,
            names.get(line.person_id) if line.person_id else None,
            glances.get(line.report_id),
            colleagues,
            zone=zones.get(line.site_id, "UTC") if line.site_id else "UTC",
            me=me,
            query=look(who, what),
            now=now,
        )
        for line in lines
    ]


def _row(
    line: Line,
    person: identity.PersonSummary | None,
    glance: Glance | None,
    colleagues: Mapping[PractitionerId, str],
    *,
    zone: str,
    me: PractitionerId | None,
    query: str,
    now: datetime,
) -> Row:
    at = line.closed_at or line.opened_at
    return Row(
        task_id=line.task_id,
        url=reverse("clinic-labs:report", args=[line.report_id]) + query,
        patient=person.full_name if person else _("Unknown patient"),
        about=about(person, now=now),
        test=line.follow_up or words.name_of(line.loinc, line.name),
        briefs=tuple(_brief(result) for result in glance.results) if glance else (),
        more=_more(glance),
        badges=tuple(_badges(line, colleagues, me)),
        when=clinic_words.short_moment(at, zone, now=now),
        iso=at.isoformat(),
        plain=line.plain,
        critical=line.rank is Rank.CRITICAL and line.closed_at is None,
    )


def about(person: identity.PersonSummary | None, *, now: datetime) -> str:
    """Age, sex and number, by which one patient is not taken for another."""
    if person is None:
        return ""
    parts = []
    if person.birth_date:
        born, today = person.birth_date, now.date()
        years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        parts.append(_("%(years)d y") % {"years": years})
        parts.append(portal.day_text(born, "day-short-year"))
    sexes = {"female": _("female"), "male": _("male")}
    parts += [each for each in (sexes.get(person.sex, ""), person.number) if each]
    return " · ".join(parts)


def _brief(result: ResultView) -> Brief:
    flag, tone = clinic_words.flag_of(result)
    sign = clinic_words.SIGNS.get(result.flag, "") if result.flag else ""
    value = clinic_words.value_text(result)
    return Brief(
        name=words.name_of(result.loinc, result.name),
        value=value if len(value) <= 40 else f"{value[:38]}…",
        sign=sign if flag else "",
        tone=tone,
        flag=flag,
    )


def _more(glance: Glance | None) -> str:
    if glance is None or not glance.more:
        return ""
    return ngettext("and %(n)d more", "and %(n)d more", glance.more) % {"n": glance.more}


def _badges(
    line: Line, colleagues: Mapping[PractitionerId, str], me: PractitionerId | None
) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if line.kind is TaskKind.FOLLOW_UP:
        found.append((_("Follow-up did not arrive"), "warn"))
    elif rank := RANKS.get(line.rank):
        found.append((str(rank[0]), rank[1]))
    if line.kind is TaskKind.CORRECTION:
        found.append((_("Correction of what you saw"), "warn"))
    elif line.corrected:
        found.append((_("Corrected"), "warn"))
    if line.preliminary:
        found.append((_("Preliminary"), "accent"))
    if line.quarantined:
        found.append(
            (ngettext("%(n)d set aside", "%(n)d set aside", line.quarantined) % {"n": line.quarantined}, "")
        )
    if line.escalation:
        found.append((_("Not read in time"), "bad"))
    if line.delegated_by:
        found.append((_("from %(name)s") % {"name": _name(colleagues, line.delegated_by)}, "accent"))
    elif line.holder_id and line.holder_id != me:
        found.append((_("for %(name)s") % {"name": _name(colleagues, line.holder_id)}, "accent"))
    return found


def _name(colleagues: Mapping[PractitionerId, str], who: PractitionerId) -> str:
    return colleagues.get(who, _("a colleague"))
