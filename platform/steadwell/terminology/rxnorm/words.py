"""The words that stand around a drug's name: forms, routes, releases, salts, packaging.

They are data (``drug_words.tsv``, ``drug_salts.tsv``, ``drug_abbreviations.tsv`` beside the other tables). A
phrase is a tuple of folded tokens, so that "ext rel" and "EXT. REL." are one entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from steadwell.terminology.labcodes import DATA

Phrase = tuple[str, ...]

_PIECE = re.compile(r"[a-z]+[0-9]*[a-z]*|[0-9]+(?:\.[0-9]+)?")


def fold(text: str) -> Phrase:
    """A name as the tuple of its words and numbers: case, hyphens, commas and brackets do not count."""
    return tuple(_PIECE.findall(text.lower().replace("'", "")))


def rows(name: str) -> Iterator[list[str]]:
    """The rows of one of our tables, without its head and without remarks."""
    with (DATA / name).open(encoding="utf-8") as file:
        next(file)
        for line in file:
            if line.strip() and not line.startswith("#"):
                yield line.rstrip("\n").split("\t")


@cache
def around() -> Mapping[Phrase, tuple[str, str]]:
    """Phrase -> (kind, value); kinds: shape, route, release, texture, quality, noise."""
    return MappingProxyType({fold(word): (kind, value) for word, kind, value in rows("drug_words.tsv")})


@cache
def salts() -> Mapping[str, str]:
    """A salt or ester as written -> its name."""
    return MappingProxyType({cells[0]: cells[1] for cells in rows("drug_salts.tsv")})


@cache
def longest_around() -> int:
    return max(map(len, around()))
