"""A catalogue as bytes: made once when a release is loaded, opened in each process in a moment.

What every text needs (phrases, ingredients) is there at once. The products lie in one text a set of
ingredients and are taken apart when somebody asks for them. Codes and official names are sorted arrays of
numbers: a name by the first eight bytes of its BLAKE2 digest.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import TypeVar

import orjson

from steadwell.terminology.rxnorm.catalogue import Bases, Catalogue, Concept, Meaning
from steadwell.terminology.rxnorm.types import Ingredient

FORMAT = 1
_V = TypeVar("_V")
_SALT, _BRAND = "\x1d", "\x1e"  # separators inside one meaning; none of them can be in a name


class Damaged(ValueError):
    """The bytes are no catalogue of this version; the release must be loaded again."""


def pack(catalogue: Catalogue) -> bytes:
    """The bytes of a catalogue."""
    keys = sorted({*map(_key, catalogue.groups), *map(_key, catalogue.bases.values())} | {""})
    place = {key: number for number, key in enumerate(keys)}
    lines: list[list[str]] = [[] for _ in keys]
    codes: list[tuple[int, int]] = []
    for code, concept in catalogue.concepts.items():
        number = place[_key(catalogue.bases.get(code, frozenset()))]
        lines[number].append(
            "\t".join((code, concept.term_type, concept.name, catalogue.generic.get(code, "")))
        )
        codes.append((int(code), number))
    codes.sort()
    names = sorted((_digest(name), int(code)) for name, found in catalogue.exact.items() for code in found)
    head = {
        "format": FORMAT,
        "release": catalogue.release,
        "names": catalogue.names,
        "longest": catalogue.longest,
        "products": catalogue.products,
        "keys": keys,
        "lines": ["\n".join(each) for each in lines],
        "phrases": {phrase: _meanings(found) for phrase, found in catalogue.phrases.items()},
        "ingredients": {base: [one.rxcui, one.name] for base, one in catalogue.ingredients.items()},
        "several": {_key(bases): [code, name] for bases, (code, name) in catalogue.several.items()},
        "components": {name: [base, salt] for name, (base, salt) in catalogue.components.items()},
        "retired": dict(catalogue.retired),
    }
    parts = [
        orjson.dumps(head),
        _numbers("I", (code for code, _ in codes)), _numbers("I", (number for _, number in codes)),
        _numbers("Q", (digest for digest, _ in names)), _numbers("I", (code for _, code in names)),
    ]  # fmt: skip
    return zlib.compress(b"".join(len(part).to_bytes(8, "big") + part for part in parts), 6)


def unpack(content: bytes) -> Catalogue:
    """The catalogue of these bytes. Raises Damaged."""
    try:
        head_bytes, *numbers = _parts(zlib.decompress(content))
        head = orjson.loads(head_bytes)
        made_by = head["format"]
        arrays = [_array(kind, part) for kind, part in zip("IIQI", numbers, strict=True)]
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise Damaged("The stored index cannot be read: load the release again.") from error
    if made_by != FORMAT:
        raise Damaged("The stored index was made by another version of the product: load the release again.")
    groups = _Groups(head["keys"], head["lines"], arrays[0], arrays[1])
    return Catalogue(
        release=head["release"], concepts=_Concepts(groups), phrases=_Phrases(head["phrases"]),
        ingredients={base: Ingredient(code, name) for base, (code, name) in head["ingredients"].items()},
        several={_bases(key): (code, name) for key, (code, name) in head["several"].items()},
        groups=groups, exact=_Exact(arrays[2], arrays[3]), bases=_BasesOf(groups),
        components={name: (base, salt) for name, (base, salt) in head["components"].items()},
        generic=_Generic(groups), retired=head["retired"], names=head["names"], longest=head["longest"],
        products=head["products"],
    )  # fmt: skip


def _key(bases: Bases) -> str:
    return "|".join(sorted(bases))


def _bases(key: str) -> Bases:
    return frozenset(key.split("|")) if key else frozenset()


def _digest(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def _meanings(found: Iterable[Meaning]) -> str:
    return "\n".join(f"{_key(each.bases)}{_SALT}{each.salt}{_BRAND}{each.brand}" for each in found)


def _numbers(kind: str, values: Iterable[int]) -> bytes:
    made = array(kind, values)
    if sys.byteorder == "big":
        made.byteswap()
    return made.tobytes()


def _array(kind: str, content: bytes) -> array[int]:
    made: array[int] = array(kind)
    made.frombytes(content)
    if sys.byteorder == "big":
        made.byteswap()
    return made


def _parts(content: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 8], "big")
        yield content[at + 8 : at + 8 + size]
        at += 8 + size


class _Lazy(Mapping[str, _V]):
    """A mapping that is asked far more often than it is walked through."""

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Phrases(_Lazy[tuple[Meaning, ...]]):
    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts
        self._known: dict[str, tuple[Meaning, ...]] = {}

    def __getitem__(self, phrase: str) -> tuple[Meaning, ...]:
        known = self._known.get(phrase)
        if known is None:
            known = self._known[phrase] = tuple(map(_meaning, self._texts[phrase].split("\n")))
        return known

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __contains__(self, phrase: object) -> bool:
        return phrase in self._texts

    def get(self, phrase: str, default=None):  # type: ignore[no-untyped-def]
        return self[phrase] if phrase in self._texts else default


def _meaning(text: str) -> Meaning:
    key, _, rest = text.partition(_SALT)
    salt, _, brand = rest.partition(_BRAND)
    return Meaning(_bases(key), salt, brand)


class _Groups(Mapping[Bases, tuple[str, ...]]):
    """The products by ingredients, and behind them every concept's line."""

    def __init__(self, keys: list[str], lines: list[str], codes: array[int], places: array[int]) -> None:
        self.keys_, self.lines, self.codes, self.places = keys, lines, codes, places

    def place_of(self, code: str) -> int | None:
        if not (code.isascii() and code.isdigit() and len(code) < 10):
            return None
        at = bisect_left(self.codes, int(code))
        return self.places[at] if at < len(self.codes) and self.codes[at] == int(code) else None

    def line_of(self, code: str) -> list[str] | None:
        place = self.place_of(code)
        if place is None:
            return None
        start = f"{code}\t"
        return next(line.split("\t") for line in self.lines[place].split("\n") if line.startswith(start))

    def __getitem__(self, bases: Bases) -> tuple[str, ...]:
        key = _key(bases)
        at = bisect_left(self.keys_, key)
        if at == len(self.keys_) or self.keys_[at] != key:
            raise KeyError(bases)
        found = tuple(
            cells[0]
            for line in self.lines[at].split("\n")
            if (cells := line.split("\t")) and _is_product(cells)
        )
        if not found:
            raise KeyError(bases)
        return found

    def __iter__(self) -> Iterator[Bases]:
        return (bases for bases in map(_bases, self.keys_) if bases in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _is_product(cells: list[str]) -> bool:
    return len(cells) > 1 and cells[1] in {"SCD", "SBD", "GPCK", "BPCK"}


class _Concepts(_Lazy[Concept]):
    def __init__(self, groups: _Groups) -> None:
        self._groups = groups

    def __getitem__(self, code: str) -> Concept:
        cells = self._groups.line_of(code)
        if cells is None:
            raise KeyError(code)
        return Concept(cells[0], cells[1], cells[2])

    def __iter__(self) -> Iterator[str]:
        return map(str, self._groups.codes)

    def values(self) -> Iterator[Concept]:  # type: ignore[override]
        for lines in self._groups.lines:
            for line in filter(None, lines.split("\n")):
                code, term_type, name, _ = line.split("\t")
                yield Concept(code, term_type, name)


class _BasesOf(_Lazy[Bases]):
    def __init__(self, groups: _Groups) -> None:
        self._groups = groups

    def __getitem__(self, code: str) -> Bases:
        place = self._groups.place_of(code)
        if place is None or not self._groups.keys_[place]:
            raise KeyError(code)
        return _bases(self._groups.keys_[place])

    def __iter__(self) -> Iterator[str]:
        return map(str, self._groups.codes)


class _Generic(_Lazy[str]):
    def __init__(self, groups: _Groups) -> None:
        self._groups = groups

    def __getitem__(self, code: str) -> str:
        cells = self._groups.line_of(code)
        if cells is None or not cells[3]:
            raise KeyError(code)
        return cells[3]

    def __iter__(self) -> Iterator[str]:
        return (code for code in map(str, self._groups.codes) if code in self)


class _Exact(_Lazy[tuple[str, ...]]):
    def __init__(self, digests: array[int], codes: array[int]) -> None:
        self._digests, self._codes = digests, codes

    def __getitem__(self, name: str) -> tuple[str, ...]:
        digest = _digest(name)
        at = start = bisect_left(self._digests, digest)
        while at < len(self._digests) and self._digests[at] == digest:
            at += 1
        if at == start:
            raise KeyError(name)
        return tuple(str(code) for code in self._codes[start:at])

    def __iter__(self) -> Iterator[str]:
        raise TypeError("Names are kept as digests only.")
