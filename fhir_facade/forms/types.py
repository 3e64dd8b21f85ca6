"""What the pages see of forms: frozen, without rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fhir_facade.forms.models import OfferState
from steadwell.ids import PersonId, SiteId

Answer = Mapping[str, Any]  # one value as FHIR says it: {"valueBoolean": True}
Answers = Mapping[str, Sequence[Answer]]  # by the linkId of its question


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    words: str
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One item of a form. ``kind`` is FHIR's type of it; ``item`` the item itself, for its conditions."""

    number: int
    link: str
    kind: str
    text: str
    required: bool
    repeats: bool
    longest: int | None
    options: tuple[Option, ...]
    initial: tuple[Answer, ...]
    inner: tuple[Question, ...]
    item: Mapping[str, Any]

    @property
    def takes_answer(self) -> bool:
        return self.kind not in {"group", "display"}

    @property
    def hint(self) -> str:
        """Lines to read that stand under a question are about how to answer it."""
        return " ".join(each.text for each in self.inner if each.kind == "display")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form that can be filled in here; ``version`` is what its writer saw when it changes."""

    form_id: UUID
    version: int
    title: str
    about: str
    language: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One line of what was answered: a heading where it has no answer to give, at its depth."""

    link: str
    text: str
    depth: int
    is_heading: bool
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    offer_id: UUID
    version: int
    person_id: PersonId
    site_id: SiteId
    state: OfferState
    title: str
    words: str
    offered_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToFill:
    """An offer with its form, and what the patient answered before. ``form`` is None when it was withdrawn by
    whoever wrote it.
    """

    offer: Offer
    form: Form | None
    answers: Answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """An offer with what was answered, in order; nothing when another system deleted it."""

    offer: Offer
    said: tuple[Said, ...]
