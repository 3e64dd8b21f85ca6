"""What counts: statements and decisions in, lines out. Pure, so that the list as it was known at a moment is
the same function of what was known then.

Two statements are on one line only when both name one clinical drug, or a person said so. A decision about a
line stands on its evidence as it was (``basis``): a statement that changes, comes or goes re-opens its line
alone, unless it says just what was decided. A decision about a statement's drug stands on its words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from medications import dosage
from medications.status import TAKEN
from medications.types import UNDERSTOOD, Dosage, Grade, LineState, Outcome, Source, StatementKind, Status

INGREDIENT_ONLY = "ingredient-only"
DECISION = "decision"  # the sources agree among themselves, and not with what was decided
_RANK = (Status.ACTIVE, Status.ON_HOLD, Status.INTENDED, Status.UNKNOWN)
_TRUST = (Source.CLINICIAN, Source.EHR_A, Source.EHR_B, Source.PHARMACY, Source.PATIENT)
# These never differ in a way that anybody would have to decide about: the statement is no evidence of taking.
_SILENT = frozenset({Status.ENTERED_IN_ERROR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One statement as it counts, with what settling needs of it."""

    statement_id: UUID
    key: str
    rxcui: str
    name: str
    ingredients: tuple[str, ...]
    ingredient_names: tuple[str, ...]
    candidates: tuple[str, ...]
    grade: Grade
    needs: str
    status: Status
    status_word: str
    dosage: Dosage
    kind: StatementKind
    source: Source
    site_id: UUID | None
    said_at: datetime
    digest: str
    drug_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The newest decision about one line or statement, reversals included."""

    entity_id: UUID
    version: int
    outcome: Outcome
    key: str
    status: Status | None
    dosage_text: str
    rxcui: str
    name: str
    ingredients: tuple[str, ...]
    ingredient_names: tuple[str, ...]
    basis: Mapping[str, str]
    recorded_at: datetime
    practitioner_id: UUID | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    what: str
    said: tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One line as it counts."""

    line_id: UUID
    key: str
    name: str
    rxcui: str
    ingredients: tuple[str, ...]
    ingredient_names: tuple[str, ...]
    words: tuple[Word, ...]
    fresh: frozenset[UUID]  # came or changed since the decision
    state: LineState
    status: Status
    dosage_text: str
    differences: tuple[Difference, ...]
    needs: tuple[str, ...]
    possible: tuple[UUID, ...]
    ruling: Ruling | None
    reopened: bool
    evidence_digest: str

    @property
    def what(self) -> tuple[str, ...]:
        return tuple(each.what for each in self.differences) + self.needs


@dataclass(slots=True)
class _Group:
    key: str
    words: list[Word] = field(default_factory=list)
    needs: dict[UUID, str] = field(default_factory=dict)
    placed: Ruling | None = None


def line_id_of(person_id: UUID, key: str) -> UUID:
    """A line's id, made from its patient and key, so that nobody needs to ask. A UUID version 8."""
    raw = bytearray(hashlib.blake2b(person_id.bytes + key.encode(), digest_size=16).digest())
    raw[6] = (raw[6] & 0x0F) | 0x80
    raw[8] = (raw[8] & 0x3F) | 0x80
    return UUID(bytes=bytes(raw))


def settle(person_id: UUID, words: Iterable[Word], rulings: Mapping[UUID, Ruling]) -> list[Settled]:
    """The lines of one patient, by name. ``rulings`` by what they are about."""
    groups = _grouped(words, rulings)
    by_ingredients: dict[frozenset[str], set[str]] = {}
    for key, group in groups.items():
        names = frozenset(group.placed.ingredient_names if group.placed else group.words[0].ingredient_names)
        if names:
            by_ingredients.setdefault(names, set()).add(key)
    found = [_line(person_id, group, groups, by_ingredients, rulings) for group in groups.values()]
    return sorted(found, key=lambda line: (line.name.casefold(), line.key))


def _grouped(words: Iterable[Word], rulings: Mapping[UUID, Ruling]) -> dict[str, _Group]:
    groups: dict[str, _Group] = {}
    for word in sorted(words, key=lambda each: (each.said_at, each.statement_id)):
        ruling = rulings.get(word.statement_id)
        key, needs, placed = word.key, word.needs, None
        if ruling is not None and ruling.basis.get(str(word.statement_id)) == word.drug_digest:
            if ruling.outcome is Outcome.PLACED:
                key, placed = ruling.key, ruling
                needs = needs if needs == "status-unknown" else ""
            elif ruling.outcome is Outcome.APART:
                key = ruling.key
                needs = needs if needs == "status-unknown" else ""
        group = groups.setdefault(key, _Group(key))
        group.words.append(word)
        if needs:
            group.needs[word.statement_id] = needs
        group.placed = group.placed or placed
    return groups


def _line(
    person_id: UUID,
    group: _Group,
    groups: Mapping[str, _Group],
    by_ingredients: Mapping[frozenset[str], set[str]],
    rulings: Mapping[UUID, Ruling],
) -> Settled:
    line_id = line_id_of(person_id, group.key)
    possible = _possible(person_id, group, groups, by_ingredients)
    needs = tuple(sorted(_asking(group, possible)))
    ruling = rulings.get(line_id)
    basis = {str(word.statement_id): word.digest for word in group.words}
    decided = ruling if ruling is not None and ruling.outcome is Outcome.SETTLED else None
    fresh = _fresh(group.words, decided)
    holds = decided is not None and _holds(decided, basis, group.words, fresh)
    differences = () if holds else _differences(group.words)
    reopened = decided is not None and not holds
    if decided is not None and reopened and not differences and not _all_agree(group.words, decided):
        differences = (Difference(what=DECISION, said=_said_status(group.words)),)
    head = group.placed or group.words[-1]
    return Settled(
        line_id=line_id,
        key=group.key,
        name=_name(group),
        rxcui=head.rxcui,
        ingredients=head.ingredients,
        ingredient_names=head.ingredient_names,
        words=tuple(group.words),
        fresh=fresh,
        state=_state(needs=needs, differences=differences, holds=holds),
        status=(decided.status if holds and decided and decided.status else _status(group.words)),
        dosage_text=decided.dosage_text if holds and decided else _dosage_text(group.words),
        differences=differences,
        needs=needs,
        possible=possible,
        ruling=ruling,
        reopened=reopened and bool(differences or needs),
        evidence_digest=_digest(basis, group, ruling, possible),
    )


def _state(*, needs: Sequence[str], differences: Sequence[Difference], holds: bool) -> LineState:
    if needs:
        return LineState.AMBIGUOUS
    if differences:
        return LineState.CONFLICT
    return LineState.DECIDED if holds else LineState.AGREED


def _name(group: _Group) -> str:
    if group.placed is not None and group.placed.name:
        return group.placed.name
    understood = next((word for word in group.words if word.grade in UNDERSTOOD), None)
    return (understood or group.words[-1]).name


def _possible(
    person_id: UUID,
    group: _Group,
    groups: Mapping[str, _Group],
    by_ingredients: Mapping[frozenset[str], set[str]],
) -> tuple[UUID, ...]:
    """The lines that a statement which names no one drug may belong to."""
    keys: set[str] = set()
    for word in group.words:
        if word.statement_id not in group.needs or word.grade in UNDERSTOOD:
            continue
        keys |= {f"C:{rxcui}" for rxcui in word.candidates}
        keys |= by_ingredients.get(frozenset(word.ingredient_names), set())
    return tuple(line_id_of(person_id, key) for key in sorted(keys) if key in groups and key != group.key)


def _asking(group: _Group, possible: Sequence[UUID]) -> set[str]:
    """An ingredient alone asks for a person only where there is something it may double."""
    return {needs for needs in group.needs.values() if needs != INGREDIENT_ONLY or possible}


def _fresh(words: Iterable[Word], decided: Ruling | None) -> frozenset[UUID]:
    if decided is None:
        return frozenset()
    return frozenset(w.statement_id for w in words if decided.basis.get(str(w.statement_id)) != w.digest)


def _holds(decided: Ruling, basis: Mapping[str, str], words: Sequence[Word], fresh: frozenset[UUID]) -> bool:
    """Nothing it stood on is gone, and whatever is new says just what was decided."""
    if not decided.basis.keys() <= basis.keys():
        return False
    return all(_agrees(word, decided) for word in words if word.statement_id in fresh)


def _all_agree(words: Iterable[Word], decided: Ruling) -> bool:
    return all(_agrees(word, decided) for word in words)


def _agrees(word: Word, decided: Ruling) -> bool:
    if word.status is not decided.status:
        return False
    if word.status not in TAKEN:
        return True
    mine, theirs = word.dosage, dosage.read(decided.dosage_text)
    if mine.is_read and theirs.is_read:
        return dosage.compared(mine) == dosage.compared(theirs)
    return _plain(mine.text) == _plain(theirs.text)


def _differences(words: Sequence[Word]) -> tuple[Difference, ...]:
    """What the sources say side by side, where they do not say the same."""
    counting = [word for word in words if word.status not in _SILENT]
    found: list[Difference] = []
    stated = [w for w in counting if w.kind is not StatementKind.DISPENSE and w.status is not Status.UNKNOWN]
    if len({word.status for word in stated}) > 1:
        found.append(Difference(what="status", said=_said_status(stated)))
    taken = [word for word in counting if word.status in TAKEN and word.dosage.text]
    read = [word for word in taken if word.dosage.is_read]
    for place, what in ((0, "dose"), (1, "frequency")):
        if len({dosage.compared(word.dosage)[place] for word in read}) > 1:
            found.append(Difference(what=what, said=_said_dosage(read)))
    unread = {_plain(word.dosage.text) for word in taken if not word.dosage.is_read}
    if len(unread) + bool(read) > 1:  # words that nobody understood cannot be said to agree
        found.append(Difference(what="dosage", said=_said_dosage(taken)))
    return tuple(found)


def _said_status(words: Iterable[Word]) -> tuple[tuple[UUID, str], ...]:
    return tuple((word.statement_id, word.status.value) for word in words)


def _said_dosage(words: Iterable[Word]) -> tuple[tuple[UUID, str], ...]:
    return tuple((word.statement_id, word.dosage.text) for word in words)


def _status(words: Sequence[Word]) -> Status:
    """While nobody decided: taken as long as one source says so, for a check must not miss it."""
    there = {word.status for word in words}
    for status in _RANK:
        if status in there:
            return status
    speaking = [word for word in words if word.status not in _SILENT]
    return (speaking or words)[-1].status


def _dosage_text(words: Sequence[Word]) -> str:
    taken = [w for w in words if w.status in TAKEN and w.dosage.text] or [w for w in words if w.dosage.text]
    best = min(taken, key=lambda w: (_TRUST.index(w.source), -w.said_at.timestamp()), default=None)
    return best.dosage.text if best else ""


def _digest(basis: Mapping[str, str], group: _Group, ruling: Ruling | None, possible: Sequence[UUID]) -> str:
    placed = group.placed.version if group.placed else 0
    version = ruling.version if ruling else 0
    told = f"{sorted(basis.items())}{sorted(group.needs.items())}{placed}{version}{[p.hex for p in possible]}"
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
