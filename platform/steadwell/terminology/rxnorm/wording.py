"""Whether a text says an official name word for word, in another writing: case, spaces, units, abbreviations
of form and salt, and what is said about the package do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from steadwell.terminology.rxnorm import scanning
from steadwell.terminology.rxnorm.matching import Candidate
from steadwell.terminology.rxnorm.scanning import Token
from steadwell.terminology.rxnorm.words import around, longest_around, salts

_JOINS = frozenset({"/", ",", "+", "&", "and"})
Wording = tuple[str, ...]


def word_for_word(text: str, found: Sequence[Candidate]) -> list[Candidate]:
    """Of several products those of the form whose official name the text is; all when it is none's.

    It decides between forms, never between packages: a label may leave those out.
    """
    said = wording(text)
    forms = {each.parts.form_name for each in found if wording(each.concept.name) == said}
    return [each for each in found if not forms or each.parts.form_name in forms]


@lru_cache(maxsize=8192)
def wording(text: str) -> Wording:
    """What a text says, piece by piece in its order."""
    tokens = scanning.scan(scanning.folded(text))
    said: list[str] = []
    packed = False  # behind a word for packages, and in brackets with one, a number counts pieces
    at = 0
    while at < len(tokens):
        token = tokens[at]
        size = 1
        if token.kind == "word":
            size, piece = _word(tokens, at)
            packed = packed or not piece
            said += [piece] if piece else []
        elif token.kind == "sign":
            if token.text == "(" and (end := _end_of_package(tokens, at)):
                size = end - at
        elif token.kind != "number" or not packed:
            said.append(_number(token))
        at += size
    return tuple(said)


def _word(tokens: Sequence[Token], at: int) -> tuple[int, str]:
    """How many tokens a phrase takes and what it is called; nothing where it speaks of the package."""
    words = []
    for token in tokens[at : at + longest_around()]:
        if token.kind != "word":
            break
        words.append(token.text)
    for size in range(len(words), 0, -1):
        pair = around().get(tuple(words[:size]))
        if pair is not None and words[0] not in salts():
            return size, "" if pair[0] == "noise" else f"{pair[0]} {pair[1]}"
    word = words[0]
    return 1, "" if word in _JOINS else salts().get(word, word)


def _end_of_package(tokens: Sequence[Token], at: int) -> int:
    """Behind brackets that count pieces: "(30 CT)"; 0 for any others."""
    inner = tokens[at + 1 : at + 4]
    kinds = [token.kind for token in inner]
    if kinds == ["number", "word", "sign"] and around().get((inner[1].text,), ("", ""))[0] == "noise":
        return at + 4
    return 0


def _number(token: Token) -> str:
    said = [f"{each.kind} {each.value:.6g}" for each in token.strengths] or [f"{v:g}" for v in token.values]
    return "; ".join(said)
