"""How names, telephone numbers and identifiers are written so that equal things compare equal. Pure; no
Django.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

# What NFKD does not take apart.
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h", "ŋ": "n"}
)
_JOINED = re.compile(r"['’‘`´ʻʼ.]")
_NOT_WORD = re.compile(r"[^\w]+|_+")
_NOT_DIGIT = re.compile(r"\D+")
_NOT_ALNUM = re.compile(r"[^0-9A-Z]+")


def folded(text: str) -> str:
    """Case, accents and compatibility forms removed: ``"Łukasz Ñandú"`` is ``"lukasz nandu"``."""
    apart = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold()


def words(name: str) -> list[str]:
    """A name's words, folded: ``"O'Brien-Núñez"`` is ``["obrien", "nunez"]``."""
    return _NOT_WORD.sub(" ", _JOINED.sub("", folded(name))).split()


def tails(name: Iterable[str]) -> list[str]:
    """Every ending of a list of words: ``garcia lopez`` and ``lopez``.

    A prefix search on these finds each word of a name, and two neighbouring words, without one row per pair.
    """
    parts = list(name)
    return [" ".join(parts[i:]) for i in range(len(parts))]


def shorter_by_one(word: str) -> list[str]:
    """The word and all it becomes by losing one letter.

    Two words that share one of these differ by one letter too many, too few, other, or swapped with its
    neighbour: the four typing errors that make up most of them (Damerau 1964).
    """
    return sorted({word, *(word[:i] + word[i + 1 :] for i in range(len(word)))} - {""})


def phone_digits(phone: str | None) -> str:
    """National digits: punctuation, a leading ``+1`` or ``1`` of North American numbers, and ``00`` are
    dropped.
    """
    digits = _NOT_DIGIT.sub("", phone or "")
    if digits.startswith("00"):
        digits = digits[2:]
    if len(digits) == 11 and digits.startswith("1"):
        digits = digits[1:]
    return digits


def identifier_value(value: str) -> str:
    """An identifier without case, spaces and punctuation; leading zeros stay, they count in most systems."""
    return _NOT_ALNUM.sub("", unicodedata.normalize("NFKC", value).upper())


_PLACEHOLDER_VALUES = frozenset(
    "UNKNOWN NONE NA NULL TEST PENDING REFUSED TBD XXX 123456789 1234567890 987654321"  # noqa: SIM905
    # Numbers printed in advertisements and then used by thousands.
    " 078051120 219099999".split()
)


def is_placeholder(value: str) -> bool:
    """Whether an identifier says nothing: ``000-00-0000``, ``999999``, ``N/A`` and their like."""
    plain = identifier_value(value)
    return len(plain) < 3 or len(set(plain)) == 1 or plain in _PLACEHOLDER_VALUES


_PLACEHOLDER_WORDS = frozenset(
    "baby boy girl infant newborn unknown doe test patient male female twin anonymous"  # noqa: SIM905
    " unidentified trauma".split()
)


def is_placeholder_name(family: str, given: str) -> bool:
    """Whether a name stands for "we do not know": John Doe, Baby Boy, Unknown."""
    family_words, given_words = set(words(family)), set(words(given))
    if not family_words or not given_words:
        return True
    return bool(given_words & (_PLACEHOLDER_WORDS - {"doe"})) or bool(
        family_words & {"doe", "unknown", "test"}
    )


def search_rows(family_name: str, given_names: str, former_names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The pairs (family, given) under which a person is found, each name in every ending of its words."""
    given = tails(words(given_names)) or [""]
    seen: set[tuple[str, str]] = set()
    for name in (family_name, *former_names):
        for family in tails(words(name)) or [""]:
            for first in given:
                if (family or first) and (family, first) not in seen:
                    seen.add((family, first))
                    yield family[:120], first[:120]


_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2), (7, 0, 9, 2, 1, 5, 4, 8, 6, 3), (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6), (6, 1, 2, 3, 0, 4, 5, 9, 7, 8), (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4), (8, 9, 4, 5, 3, 6, 2, 0, 1, 7), (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)  # fmt: skip


def with_check_digit(number: int) -> str:
    """A clinic record number: the digits and Damm's check digit, which catches every single error and
    swap.
    """
    digits, state = str(number), 0
    for digit in digits:
        state = _DAMM[state][int(digit)]
    return f"{digits}{state}"
