"""Forms and answers as the pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.forms.boundfield import BoundField
from django.template.defaultfilters import linebreaksbr
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from fhir_facade.forms import questions
from fhir_facade.forms.fields import FillForm, name_of
from fhir_facade.forms.models import OfferState
from fhir_facade.forms.types import Answer, Form, Offer, Question, Said
from steadwell.ids import PersonId
from steadwell.portal import service as portal

Words = tuple[str | Promise, str]  # what it says, and its tone
_DEEPEST_HEADING = 4
FOR_PATIENT: Mapping[OfferState, Words] = {
    OfferState.OFFERED: (_lazy("To fill in"), "warn"),
    OfferState.SENT: (_lazy("With your clinic"), "accent"),
    OfferState.SEEN: (_lazy("Read by your clinic"), "good"),
    OfferState.WITHDRAWN: (_lazy("No longer needed"), "plain"),
}
FOR_STAFF: Mapping[OfferState, Words] = {
    OfferState.OFFERED: (_lazy("With the patient"), "accent"),
    OfferState.SENT: (_lazy("To read"), "warn"),
    OfferState.SEEN: (_lazy("Read"), "good"),
    OfferState.WITHDRAWN: (_lazy("Taken back"), "plain"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One form in a list."""

    offer_id: UUID
    version: int
    title: str
    patient: str
    state: str | Promise
    tone: str
    when: str
    is_open: bool
    is_sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece of a form on its page: a heading, a line to read, or a question."""

    level: int
    text: str
    field: BoundField | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    heading: str
    rows: tuple[tuple[str, str], ...]


def rows(
    offers: Iterable[Offer], words: Mapping[OfferState, Words], *, names: Mapping[PersonId, str] | None = None
) -> list[Row]:
    return [
        Row(
            offer_id=each.offer_id, version=each.version, title=each.title or _("Form"),
            patient=(names or {}).get(each.person_id, ""), state=words[each.state][0],
            tone=words[each.state][1], when=moment(each.sent_at or each.offered_at),
            is_open=each.state is OfferState.OFFERED, is_sent=each.sent_at is not None,
        )
        for each in offers
    ]  # fmt: skip


def moment(at: datetime) -> str:
    zone = portal.reader_zone()
    return portal.day_text(portal.at_site(at, str(zone) if zone else "UTC").date(), "day-short-year")


def blocks(form: Form, bound: FillForm) -> list[Block]:
    return list(_blocks(form.questions, bound, 2))


def _blocks(several: tuple[Question, ...], bound: FillForm, level: int) -> Iterator[Block]:
    for each in several:
        if each.number not in bound.there:
            continue
        is_group = each.kind == "group"
        if each.takes_answer:
            yield Block(level=0, text="", field=bound[name_of(each)])
        elif each.text:
            yield Block(level=min(level, _DEEPEST_HEADING) if is_group else 0, text=each.text, field=None)
        inner = tuple(one for one in each.inner if not (each.takes_answer and one.kind == "display"))
        yield from _blocks(inner, bound, level + 1 if is_group and each.text else level)


def sections(said: Iterable[Said]) -> list[Section]:
    """What was answered, under the headings of the form."""
    made: list[tuple[str, list[tuple[str, str]]]] = []
    for each in said:
        if each.is_heading:
            made.append((each.text, []))
            continue
        if not made:
            made.append(("", []))
        words = "\n".join(_words(one) for one in each.answers) if each.answers else _("No answer")
        made[-1][1].append((each.text or each.link, linebreaksbr(words)))
    return [Section(heading=heading, rows=tuple(lines)) for heading, lines in made if lines]


def _words(answer: Answer) -> str:
    if "valueBoolean" in answer:
        return _("Yes") if answer["valueBoolean"] is True else _("No")
    if "valueDate" in answer:
        try:
            return portal.day_text(date.fromisoformat(str(answer["valueDate"])))
        except ValueError:  # another system knew the year or the month only
            return str(answer["valueDate"])
    return questions.words_of(answer)
