"""Reads what somebody typed into the patient search: names, a birth date, a number, a telephone. Pure; no
Django.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from steadwell.identity import spelling

_MONTHS = {
    name: i + 1
    for i, names in enumerate(
        ("jan ene", "feb", "mar", "apr abr", "may", "jun", "jul", "aug ago", "sep", "oct", "nov", "dec dic")
    )
    for name in names.split()
}
# English and Spanish, whole or short; the first three letters tell them apart.
_MONTH_WORD = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|ene(?:ro)?|febrero|marzo|abr(?:il)?|mayo|junio|julio"
    "|ago(?:sto)?|septiembre|octubre|noviembre|dic(?:iembre)?"
)
_DAY_MONTH_YEAR = re.compile(rf"\b(\d{{1,2}})\.?[ -]+(?:de )?({_MONTH_WORD})\.?,?[ -]+(?:de )?(\d{{4}})\b")
_MONTH_DAY_YEAR = re.compile(rf"\b({_MONTH_WORD})\.?[ -]+(\d{{1,2}})(?:st|nd|rd|th)?,?[ -]+(\d{{4}})\b")
_ISO = re.compile(r"\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b")
_NUMERIC = re.compile(r"\b(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})\b")
_PHONE = re.compile(r"(?<![\w-])\+?\(?\d[\d ().-]{5,}\d(?![\w])")
_CODE = re.compile(r"\b(?=[\w-]*\d)[\w-]+\b")
MAX_WORDS = 4
MAX_TEXT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked. Dates are alternatives of one birth date; numbers are digits or codes as typed."""

    words: tuple[str, ...] = ()
    birth_dates: tuple[date, ...] = ()
    numbers: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.birth_dates or self.numbers)


def _day(year: int, month: int, day: int, today: date) -> list[date]:
    try:
        found = date(year, month, day)
    except ValueError:
        return []
    return [found] if date(1850, 1, 1) <= found <= today else []


def _numeric(match: re.Match[str], today: date) -> list[date]:
    """US order first; the other order when it alone makes a date. Two-digit years lie in the last hundred
    years.
    """
    first, second, year = int(match[1]), int(match[2]), int(match[3])
    if len(match[3]) == 2:
        year += today.year // 100 * 100
        year -= 100 if year > today.year else 0
    return _day(year, first, second, today) or _day(year, second, first, today)


def _eight_digits(digits: str, today: date) -> list[date]:
    """``03121980`` and ``19800312``: both readings that are dates."""
    american = _day(int(digits[4:]), int(digits[:2]), int(digits[2:4]), today)
    return american + _day(int(digits[:4]), int(digits[4:6]), int(digits[6:]), today)


def _take_dates(text: str, today: date) -> tuple[list[date], str]:
    def month(word: str) -> int:
        return _MONTHS[word[:3]]

    readers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], list[date]]], ...] = (
        (_ISO, lambda m: _day(int(m[1]), int(m[2]), int(m[3]), today)),
        (_DAY_MONTH_YEAR, lambda m: _day(int(m[3]), month(m[2]), int(m[1]), today)),
        (_MONTH_DAY_YEAR, lambda m: _day(int(m[3]), month(m[1]), int(m[2]), today)),
        (_NUMERIC, lambda m: _numeric(m, today)),
    )
    for pattern, read in readers:
        if (match := pattern.search(text)) and (found := read(match)):
            return found, text[: match.start()] + " " + text[match.end() :]
    return [], text


def read(text: str, *, today: date) -> Question:
    """Take a search text apart. Never fails; what makes no sense is simply not asked."""
    rest = spelling.folded(text[:MAX_TEXT]).strip()
    dates, rest = _take_dates(rest, today)
    numbers: list[str] = []
    for pattern in (_PHONE, _CODE):
        for match in pattern.findall(rest):
            plain = spelling.identifier_value(match)
            if len(plain) == 8 and plain.isdigit() and not dates:
                dates = _eight_digits(plain, today)
            if plain:
                numbers.append(plain)
        rest = pattern.sub(" ", rest)
    found = tuple(spelling.words(rest)[:MAX_WORDS])
    return Question(
        words=found, birth_dates=tuple(dict.fromkeys(dates)), numbers=tuple(dict.fromkeys(numbers))[:3]
    )
