"""Typing errors, and nothing else: never from one drug's name to another's.

A word is corrected only where it is no drug's name itself, exactly one name is near, the next one is clearly
further, and the stem that tells drugs of a class apart (-olol, -pril, -statin) is untouched. Names that are
mistaken for each other (ISMP and FDA lists) are never reached from each other: ``drug_lookalikes.tsv``.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from rapidfuzz.distance import OSA

from steadwell.terminology.rxnorm.catalogue import Bases, Catalogue, Meaning
from steadwell.terminology.rxnorm.words import around, rows, salts

SHORTEST = 7  # letters: below, one change makes another word too easily
SHORTEST_BRAND = 8  # and brands are made up to be near each other
HEAD = 3  # letters at the start that must be right
SLIP_HEAD = 2  # the same where fingers slipped: two letters changed places, one left out or one too many
SHORTEST_SLIP = 8
TWO_CHANGES_FROM = 10
MOST_REMEMBERED = 20_000  # words and what they were corrected to
MOST_NEAR = 4
STEM = 4  # letters at the end that two changes must leave alone


@cache
def known_names() -> frozenset[str]:
    """Names of drugs that are right as they stand, also where a catalogue lacks them."""
    return frozenset(word for row in rows("drug_lookalikes.tsv") for word in row if word)


class Speller:
    """Corrects words to the single-word names of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._near: dict[tuple[str, int], list[str]] = defaultdict(list)
        self._phrases = catalogue.phrases
        self._memory: dict[str, tuple[str, tuple[Meaning, ...]] | None] = {}
        for word in catalogue.phrases:
            if len(word) >= SHORTEST - 2 and word.isalpha():
                self._near[word[0], len(word)].append(word)

    def correct(self, word: str) -> tuple[str, tuple[Meaning, ...]] | None:
        """The name meant and what it means, or None."""
        try:
            return self._memory[word]
        except KeyError:
            found = self._correct(word)
        if len(self._memory) > MOST_REMEMBERED:
            self._memory.clear()
        self._memory[word] = found
        return found

    def _correct(self, word: str) -> tuple[str, tuple[Meaning, ...]] | None:
        if len(word) < SHORTEST or not word.isalpha() or word in known_names():
            return None
        if (word,) in around() or word in salts():
            return None
        most = 2 if len(word) >= TWO_CHANGES_FROM else 1
        near: list[tuple[int, str]] = []
        for length in range(len(word) - most - 1, len(word) + most + 2):
            for first in {*word[:2]}:  # the first two may have changed places: "barocitinib"
                for name in self._near.get((first, length), ()):
                    distance = OSA.distance(word, name, score_cutoff=most + 1)
                    if distance <= most + 1:
                        near.append((distance, name))
        if not near:
            return None
        best, name = min(near)
        if best > most or not _same_start(word, name, best) or (best == 2 and word[-STEM:] != name[-STEM:]):
            return None
        if len(word) < SHORTEST_BRAND and any(each.brand for each in self._phrases[name]):
            return None
        meant = self._bases(name)
        if any(distance <= best + 1 and self._bases(other) != meant for distance, other in near):
            return None
        if any(OSA.distance(word, other, score_cutoff=best + 1) <= best + 1 and other != name
               and self._bases(other) != meant for other in self._lookalikes(word, most)):  # fmt: skip
            return None
        return name, self._phrases[name]

    def near(self, word: str) -> list[str]:
        """Names that a word may be meant for, the nearest first: to be asked about, never to be taken."""
        if len(word) < SHORTEST - 2 or not word.isalpha() or word in known_names() or (word,) in around():
            return []
        most = 2 if len(word) >= TWO_CHANGES_FROM else 1
        found = []
        for length in range(len(word) - most, len(word) + most + 1):
            for name in self._near.get((word[0], length), ()):
                distance = OSA.distance(word, name, score_cutoff=most)
                if distance <= most:
                    found.append((distance, name))
        return [name for _, name in sorted(found)[:MOST_NEAR]]

    def _lookalikes(self, word: str, most: int) -> list[str]:
        return [each for each in known_names() if abs(len(each) - len(word)) <= most + 1]

    def _bases(self, name: str) -> frozenset[Bases]:
        return frozenset(meaning.bases for meaning in self._phrases.get(name, ()))


def _same_start(word: str, name: str, changes: int) -> bool:
    if word[:HEAD] == name[:HEAD]:
        return True
    slipped = len(word) != len(name) or sorted(word) == sorted(name)
    return changes == 1 and slipped and len(word) >= SHORTEST_SLIP and word[:SLIP_HEAD] == name[:SLIP_HEAD]
