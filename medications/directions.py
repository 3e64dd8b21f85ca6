"""Directions in the short forms of prescriptions, taken apart word by word to be told in plain ones.

Pure. A text is taken apart wholly or not at all: of one that holds a single word that is not known here, or
says the same thing twice, nothing is put into other words. Short forms that the Institute for Safe Medication
Practices lists as misread for others (U, OD, OS, OU, HS alone, cc) are not known here on purpose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from medications.dosage import WORD_NUMBERS

_LONGEST: Final = 200
_UNITS = {
    "tablet": r"tab(?:let)?(?:s|\(s\))?", "capsule": r"cap(?:sule)?(?:s|\(s\))?", "puff": r"puff(?:s|\(s\))?",
    "drop": r"drop(?:s|\(s\))?|gtts?", "spray": r"spray(?:s|\(s\))?", "patch": r"patch(?:es|\(es\))?",
    "unit": r"unit(?:s|\(s\))?", "mL": r"ml", "mg": r"mg", "mcg": r"mcg", "g": r"g(?:rams?)?",
}  # fmt: skip
_NUMBERS = {**WORD_NUMBERS, "half a": "0.5", "1/2": "0.5"}
_NUMBER = (
    r"(?:[0-9]{1,4}(?:\.[0-9]{1,3})?(?![0-9/.]*[0-9])|1/2|½|half a|half|one|two|three|four|five|six|an?)"
)
_TIMES = {
    "1": r"qd|qday|(?:once |1x )?daily|once (?:a|per|each|every) day|(?:every|each|a|per) day|q24h",
    "2": r"bid|(?:twice|two times|2 times|2x) (?:daily|a day|per day|each day)",
    "3": r"tid|(?:three times|3 times|3x) (?:daily|a day|per day|each day)",
    "4": r"qid|(?:four times|4 times|4x) (?:daily|a day|per day|each day)",
    "other-day": r"qod|every other day|every second day",
    "week": r"once weekly|weekly|once (?:a|per|each) week|every week",
    "2-week": r"(?:twice|two times|2 times) (?:weekly|a week|per week)",
    "3-week": r"(?:three times|3 times) (?:weekly|a week|per week)",
}
_ROUTES = {
    "mouth": r"po|by mouth|orally|oral",
    "tongue": r"sl|sublingually|under (?:the|your) tongue",
    "inhaled": r"inh|inhaled|by inhalation",
    "skin": r"topically|(?:to|on) (?:the |your )?skin",
    "area": r"(?:to|on) (?:the )?affected areas?",
    "under-skin": r"subq|subcut|subcutaneously|under (?:the|your) skin",
    "rectum": r"pr|rectally|in(?:to)? (?:the|your) rectum",
    "vagina": r"pv|vaginally|in(?:to)? (?:the|your) vagina",
    "nostrils": r"in(?:to)? (?:each|both) nostrils?",
    "eyes": r"in(?:to)? (?:each|both) eyes?",
    "right-eye": r"in(?:to)? (?:the|your) right eye",
    "left-eye": r"in(?:to)? (?:the|your) left eye",
}
_WHEN = {
    "morning": r"qam|(?:every|each|in the) morning",
    "noon": r"at noon",
    "evening": r"qpm|(?:every|each|in the) evening",
    "bedtime": r"qhs|(?:at|every|before) bedtime",
    "night": r"nightly|(?:every|each|at) night",
}
_FOOD = {
    "before": r"ac|before (?:meals|food|eating)",
    "after": r"pc|after (?:meals|food|eating)",
    "with": r"with (?:meals|food|a meal)",
    "empty": r"on an empty stomach",
}
_REASONS = {
    "pain": r"pain", "fever": r"fever", "headache": r"headaches?", "nausea": r"nausea", "cough": r"cough",
    "itching": r"itch(?:ing)?", "anxiety": r"anxiety", "sleep": r"sleep|insomnia",
    "wheezing": r"wheez(?:e|ing)", "breath": r"shortness of breath|sob",
}  # fmt: skip
_VERBS = {each: each for each in ("take", "inhale", "inject", "apply", "use", "chew")}
_SHORT = re.compile(
    r"\b(?:tabs?|caps?|gtts?|po|sl|pr|pv|subq|subcut|qd|qday|bid|tid|qid|qod|qam|qpm|qhs|q[0-9]+(?:-[0-9]+)?h(?:rs?)?|ac|pc"
    r"|prn|inh|x ?[0-9]+ ?d(?:ays?)?|sob)\b"
)
_DOTTED = re.compile(r"\b(?:[bqt]\.\s?i\.\s?d|q\.\s?o\.\s?d|q\.\s?h\.\s?s|q\.\s?d|[ap]\.\s?c|p\.\s?o)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Directions:
    """Each part by a code, "" where the text says nothing of it. ``low`` to ``high`` of ``unit`` at a time;
    ``times``: a day, or a code; ``hours`` between two doses; ``lasting``: how many, of days or weeks.
    """

    verb: str = ""
    low: str = ""
    high: str = ""
    unit: str = ""
    route: str = ""
    times: str = ""
    hours: tuple[int, int] | None = None
    when: tuple[str, ...] = ()
    food: str = ""
    as_needed: bool = False
    reason: str = ""
    lasting: tuple[int, str] | None = None
    is_short: bool = False


@dataclass(slots=True)
class _Taken:
    said: dict[str, object] = field(default_factory=dict)
    when: list[str] = field(default_factory=list)

    def say(self, name: str, value: object) -> bool:
        """False when it was said before: which of the two holds is not ours to choose."""
        if name in self.said:
            return False
        self.said[name] = value
        return True


def _coded(name: str, words: dict[str, str]) -> list[tuple[str, str, re.Pattern[str]]]:
    return [(name, code, re.compile(rf"(?:{pattern})(?![\w/])")) for code, pattern in words.items()]


def _either(words: dict[str, str]) -> str:
    return "|".join(f"(?P<{code}>{pattern})" for code, pattern in words.items())


_PARTS = [
    *_coded("when", _WHEN), *_coded("times", _TIMES), *_coded("route", _ROUTES), *_coded("food", _FOOD),
    *_coded("verb", _VERBS),
]  # fmt: skip
_AMOUNT = re.compile(
    rf"(?P<low>{_NUMBER})(?:\s?\((?P<same>{_NUMBER})\))?(?:\s?(?:-|to)\s?(?P<high>{_NUMBER}))?\s?"
    rf"(?:{_either(_UNITS)})(?![\w/(])"
)
_HOURS = re.compile(
    r"(?:q\s?|every )(?P<low>[0-9]{1,2})(?:\s?(?:-|to)\s?(?P<high>[0-9]{1,2}))?\s?(?:h|hrs?|hours?)(?![\w/])"
)
_NEEDED = re.compile(
    r"(?:prn|as needed|if needed|when needed)(?![\w/])"
    rf"(?:\s(?:for\s)?(?:{_either(_REASONS)})(?![\w/]))?"
)
_LENGTH = re.compile(r"(?:for|x)\s?(?P<count>[0-9]{1,3})\s?(?:(?P<days>d|days?)|weeks?|wks?)(?![\w/])")
_BETWEEN = re.compile(r"(?:[\s,;]+|\.(?=\s|$)|and (?=(?:at|in|every|before)\s))+")


def read(text: str) -> Directions | None:
    """All of the text in parts, or None. At least how much and when must be among them."""
    plain = _DOTTED.sub(lambda each: re.sub(r"\W", "", each[0]), " ".join(text.casefold().split()))
    if not plain or len(plain) > _LONGEST:
        return None
    taken, at = _Taken(), 0
    while at < len(plain):
        between = _BETWEEN.match(plain, at)
        if between is not None:
            at = between.end()
            continue
        ends = _part(taken, plain, at)
        if ends is None or (ends < len(plain) and _BETWEEN.match(plain, ends) is None):
            return None
        at = ends
    said = taken.said
    if "low" not in said or not ({"times", "hours", "as_needed"} & said.keys() or taken.when):
        return None
    if {"times", "hours"} <= said.keys():
        return None
    return Directions(**said, when=tuple(taken.when), is_short=_SHORT.search(plain) is not None)  # type: ignore[arg-type]


def _part(taken: _Taken, plain: str, at: int) -> int | None:
    """Where the part that begins here ends."""
    if (found := _AMOUNT.match(plain, at)) is not None:
        low, high = _number(found["low"]), _number(found["high"] or found["low"])
        if found["same"] is not None and _number(found["same"]) != low:
            return None
        unit = next(each for each in _UNITS if found[each] is not None)
        rises = found["high"] is None or Decimal(low) < Decimal(high)
        fits = rises and taken.say("low", low) and taken.say("high", high) and taken.say("unit", unit)
        return found.end() if fits else None
    if (found := _HOURS.match(plain, at)) is not None:
        low_hours = int(found["low"])
        high_hours = int(found["high"] or low_hours)
        fits = 0 < low_hours <= high_hours and taken.say("hours", (low_hours, high_hours))
        return found.end() if fits else None
    if (found := _NEEDED.match(plain, at)) is not None:
        reason = next((each for each in _REASONS if found[each] is not None), "")
        fits = taken.say("as_needed", value=True) and taken.say("reason", reason)
        return found.end() if fits else None
    if (found := _LENGTH.match(plain, at)) is not None:
        lasting = int(found["count"]), "days" if found["days"] else "weeks"
        fits = lasting[0] > 0 and taken.say("lasting", lasting)
        return found.end() if fits else None
    return _coded_part(taken, plain, at)


def _coded_part(taken: _Taken, plain: str, at: int) -> int | None:
    for name, code, pattern in _PARTS:
        found = pattern.match(plain, at)
        if found is None:
            continue
        if name == "when":
            if code in taken.when:
                return None
            taken.when.append(code)
            return found.end()
        return found.end() if taken.say(name, code) else None
    return None


def _number(word: str) -> str:
    word = _NUMBERS.get(word, word)
    return word.rstrip("0").rstrip(".") if "." in word else word
