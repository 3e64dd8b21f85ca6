"""Makes one set of rules out of the tables of several packs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from medications.safety.errors import PackMalformed
from medications.safety.pack import (
    Allowed,
    ClassRule,
    DrugClass,
    Limit,
    LimitRule,
    Names,
    PairRule,
    Rules,
    known_to,
)
from medications.safety.tables import Row, rows_of, stamp_of
from medications.safety.types import PackStamp, Severity, Words

SAME_INGREDIENT = "*"
# How people write down groups, beside the packs' own words for them.
_SAID = {
    "pcn": "penicillins", "pcns": "penicillins", "sulfa": "sulfa-antibiotics", "sulfas": "sulfa-antibiotics",
    "sulpha": "sulfa-antibiotics", "sulfonamide": "sulfa-antibiotics", "sulfonamides": "sulfa-antibiotics",
    "sulphonamides": "sulfa-antibiotics", "sulfamidas": "sulfa-antibiotics", "quinolone": "fluoroquinolones",
    "quinolones": "fluoroquinolones", "quinolonas": "fluoroquinolones", "acei": "ace-inhibitors",
    "ace inhibitor": "ace-inhibitors", "nsaid": "nsaids", "anti-inflammatories": "nsaids",
}  # fmt: skip


def build(folders: Sequence[Path]) -> Rules:
    """One set of rules; a later pack may fill open classes of an earlier one.

    Raises PackMalformed with the place of the first fault.
    """
    names = _Names()
    for folder in folders:
        names.take(folder)
    packs = [_Pack(folder, names) for folder in folders]
    interactions = tuple(rule for pack in packs for rule in pack.interactions())
    duplicates = tuple(rule for pack in packs for rule in pack.duplicates())
    allergies = tuple(rule for pack in packs for rule in pack.allergies())
    limits = tuple(rule for pack in packs for rule in pack.limits())
    known = known_to(interactions, duplicates, allergies, limits)
    return Rules(
        stamps=tuple(pack.stamp for pack in packs),
        classes=MappingProxyType(names.classes),
        groups=MappingProxyType(names.groups()),
        synonyms=MappingProxyType(names.synonyms),
        names=Names(names.spoken(known), brands=names.brands),
        interactions=interactions,
        duplicates=duplicates,
        allowed=tuple(each for pack in packs for each in pack.allowed()),
        allergies=allergies,
        limits=limits,
        known=known,
    )


class _Set(NamedTuple):
    """The ingredients that a cell names, whether local use counts, and an empty class among them."""

    members: frozenset[str]
    local: bool
    empty: str


class _Names:
    """Classes and synonyms of all packs: a rule may name what another pack filled."""

    def __init__(self) -> None:
        self.classes: dict[str, DrugClass] = {}
        self.synonyms: dict[str, str] = {}
        self.brands: dict[str, frozenset[str]] = {}

    def take(self, folder: Path) -> None:
        for row in rows_of(folder, "synonyms.tsv"):
            self.synonyms[row["name"].lower()] = row["ingredient"].lower()
        for row in rows_of(folder, "brands.tsv"):
            self.brands[row["brand"].lower()] = frozenset(_listed(row["ingredients"]))
        for row in rows_of(folder, "classes.tsv"):
            found, before = self._class(row), self.classes.get(row["class"])
            if before is not None and not before.is_open:
                raise PackMalformed(f"{folder}: the class {found.name} is there already and is not open.")
            self.classes[found.name] = _filled(before, found) if before else found

    def _class(self, row: Row) -> DrugClass:
        return DrugClass(
            name=row["class"],
            words=_words(row["en"], row["es"]),
            members=frozenset(self.synonyms.get(each, each) for each in _listed(row["members"])),
            local=row["local"] != "no",
            is_open=row["open"] == "yes",
            source=row["source"],
        )

    def spoken(self, known: frozenset[str]) -> dict[str, frozenset[str]]:
        """Everything by which an ingredient may be called."""
        called = {name: frozenset({name}) for name in known}
        others = {name: frozenset({ingredient}) for name, ingredient in self.synonyms.items()}
        return called | others | self.brands

    def groups(self) -> dict[str, str]:
        """By every word for a class, the longest first, its name; a word of ours may name one that is not
        there.
        """
        called = {
            word.casefold(): each.name for each in self.classes.values() for word in each.words.values()
        }
        called |= {word.removesuffix("s"): name for word, name in called.items()} | _SAID
        return {word: called[word] for word in sorted(called, key=lambda word: (-len(word), word))}

    def set_of(self, text: str, where: str) -> _Set:
        members: set[str] = set()
        local, empty = True, ""
        for word in _listed(text):
            if not word.startswith("@"):
                members.add(self.synonyms.get(word, word))
                continue
            found = self.classes.get(word[1:])
            if found is None:
                raise PackMalformed(f"{where}: nobody defines the class {word}.")
            members |= found.members
            local = local and found.local
            empty = empty if found.members else found.name
        if not members and not empty:
            raise PackMalformed(f"{where}: no ingredient and no class is named.")
        return _Set(frozenset(members), local, empty)


def _filled(before: DrugClass, by: DrugClass) -> DrugClass:
    return DrugClass(
        name=before.name,
        words=before.words,
        members=before.members | by.members,
        local=before.local,
        is_open=True,
        source="; ".join(each for each in (before.source, by.source) if each),
    )


class _Pack:
    """The rules of one folder."""

    def __init__(self, folder: Path, names: _Names) -> None:
        self._folder, self._names = folder, names
        self.stamp: PackStamp = stamp_of(folder)
        self._sources = {row["source"]: row["citation"] for row in rows_of(folder, "sources.tsv")}

    def interactions(self) -> list[PairRule]:
        return [
            self._pair(row, row["left"], row["right"], f"{self._folder}: {row['rule']}")
            for row in rows_of(self._folder, "interactions.tsv")
        ]

    def allergies(self) -> list[PairRule]:
        return [
            self._pair(row, row["allergen"], row["drug"], f"{self._folder}: {row['rule']}")
            for row in rows_of(self._folder, "allergies.tsv")
        ]

    def duplicates(self) -> list[ClassRule]:
        found = []
        for row in rows_of(self._folder, "duplicates.tsv"):
            named = self._names.classes.get(row["class"])
            if named is None and row["class"] != SAME_INGREDIENT:
                raise PackMalformed(f"{self._folder}: nobody defines the class {row['class']}.")
            found.append(
                ClassRule(
                    id=self._id(row),
                    severity=self._severity(row),
                    mechanism=_words(row["en"], row["es"]),
                    advice=_words("", ""),
                    citation=self._citation(row),
                    dated_on=self._date(row),
                    stamp=self.stamp,
                    words=named.words if named else _words("", ""),
                    members=named.members if named else None,
                    local=named.local if named else True,
                )
            )
        return found

    def allowed(self) -> list[Allowed]:
        found = []
        for row in rows_of(self._folder, "allowed.tsv"):
            where = f"{self._folder / 'allowed.tsv'}: {row['left']}"
            left, right = self._names.set_of(row["left"], where), self._names.set_of(row["right"], where)
            citation = self._citation(row)
            found.append(Allowed(left=left.members, right=right.members, source=citation))
        return found

    def limits(self) -> list[LimitRule]:
        return [self._limit(row) for row in rows_of(self._folder, "limits.tsv")]

    def _limit(self, row: Row) -> LimitRule:
        where = f"{self._folder}: {row['rule']}"
        try:
            limit, value = Limit(row["limit"]), Decimal(row["value"])
            from_age, to_age = (Decimal(row[name]) if row[name] else None for name in ("from_age", "to_age"))
        except (ValueError, InvalidOperation) as wrong:
            raise PackMalformed(f"{where}: {wrong}") from wrong
        return LimitRule(
            id=self._id(row),
            severity=self._severity(row),
            mechanism=_words(row["en"], row["es"]),
            advice=_words(row["do_en"], row["do_es"]),
            citation=self._citation(row),
            dated_on=self._date(row),
            stamp=self.stamp,
            members=self._names.set_of(row["drug"], where).members,
            limit=limit,
            value=value,
            from_age=from_age,
            to_age=to_age,
            routes=frozenset(_listed(row["routes"])),
        )

    def _pair(self, row: Row, left: str, right: str, where: str) -> PairRule:
        one, other = self._names.set_of(left, where), self._names.set_of(right, where)
        return PairRule(
            id=self._id(row),
            severity=self._severity(row),
            mechanism=_words(row["en"], row["es"]),
            advice=_words(row["do_en"], row["do_es"]),
            citation=self._citation(row),
            dated_on=self._date(row),
            stamp=self.stamp,
            group=row.get("group", ""),
            left=one.members,
            right=other.members,
            left_local=one.local,
            right_local=other.local,
            empty=one.empty or other.empty,
        )

    def _id(self, row: Row) -> str:
        return f"{self.stamp.name}:{row['rule']}"

    def _citation(self, row: Row) -> str:
        names = _listed_as_written(row["source"])
        missing = [name for name in names if name not in self._sources]
        if missing or not names:
            raise PackMalformed(f"{self._folder}: a rule cites {', '.join(missing) or 'nothing'}.")
        return " ".join(self._sources[name] for name in names)

    def _severity(self, row: Row) -> Severity:
        try:
            return Severity(row["severity"])
        except ValueError as wrong:
            raise PackMalformed(f"{self._folder}: {row['rule']}: {wrong}") from wrong

    def _date(self, row: Row) -> date:
        try:
            return date.fromisoformat(row["dated"])
        except ValueError as wrong:
            raise PackMalformed(f"{self._folder}: {row['rule']}: {wrong}") from wrong


def _words(en: str, es: str) -> Words:
    return MappingProxyType({"en": en, "es": es or en})


def _listed_as_written(text: str) -> list[str]:
    return [word.strip() for word in text.split(";") if word.strip()]


def _listed(text: str) -> list[str]:
    return [word.lower() for word in _listed_as_written(text)]
