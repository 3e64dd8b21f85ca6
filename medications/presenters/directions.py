"""A dosage in a patient's words and language, with what was written beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from medications.directions import Directions, read

_VERBS: Mapping[str, str | Promise] = {
    "take": _lazy("Take %(what)s"),
    "inhale": _lazy("Inhale %(what)s"),
    "inject": _lazy("Inject %(what)s"),
    "apply": _lazy("Apply %(what)s"),
    "use": _lazy("Use %(what)s"),
    "chew": _lazy("Chew %(what)s"),
}
_UNITS: Mapping[str, Callable[[int], str]] = {
    "tablet": lambda n: ngettext("tablet", "tablets", n),
    "capsule": lambda n: ngettext("capsule", "capsules", n),
    "puff": lambda n: ngettext("puff", "puffs", n),
    "drop": lambda n: ngettext("drop", "drops", n),
    "spray": lambda n: ngettext("spray", "sprays", n),
    "patch": lambda n: ngettext("skin patch", "skin patches", n),
    "unit": lambda n: ngettext("unit", "units", n),
}
_ROUTES: Mapping[str, str | Promise] = {
    "mouth": _lazy("by mouth"),
    "tongue": _lazy("under the tongue"),
    "inhaled": _lazy("by inhalation"),
    "skin": _lazy("on the skin"),
    "area": _lazy("on the affected area"),
    "under-skin": _lazy("under the skin"),
    "rectum": _lazy("into the rectum"),
    "vagina": _lazy("into the vagina"),
    "nostrils": _lazy("in each nostril"),
    "eyes": _lazy("in each eye"),
    "right-eye": _lazy("in the right eye"),
    "left-eye": _lazy("in the left eye"),
}
_TIMES: Mapping[str, str | Promise] = {
    "1": _lazy("once a day"),
    "2": _lazy("twice a day"),
    "3": _lazy("three times a day"),
    "4": _lazy("four times a day"),
    "other-day": _lazy("every other day"),
    "week": _lazy("once a week"),
    "2-week": _lazy("twice a week"),
    "3-week": _lazy("three times a week"),
}
_WHEN: Mapping[str, str | Promise] = {
    "morning": _lazy("in the morning"),
    "noon": _lazy("at noon"),
    "evening": _lazy("in the evening"),
    "bedtime": _lazy("at bedtime"),
    "night": _lazy("at night"),
}
_FOOD: Mapping[str, str | Promise] = {
    "before": _lazy("before meals"),
    "after": _lazy("after meals"),
    "with": _lazy("with food"),
    "empty": _lazy("on an empty stomach"),
}
_NEEDED: Mapping[str, str | Promise] = {
    "": _lazy("as needed"),
    "pain": _lazy("as needed for pain"),
    "fever": _lazy("as needed for fever"),
    "headache": _lazy("as needed for headache"),
    "nausea": _lazy("as needed for nausea"),
    "cough": _lazy("as needed for cough"),
    "itching": _lazy("as needed for itching"),
    "anxiety": _lazy("as needed for anxiety"),
    "sleep": _lazy("as needed for sleep"),
    "wheezing": _lazy("as needed for wheezing"),
    "breath": _lazy("as needed for shortness of breath"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """``text`` to read; ``written`` what was written, where that is something else."""

    text: str
    written: str = ""

    def __bool__(self) -> bool:
        return bool(self.text)


def how(written: str) -> How:
    """In the reader's words where all of it was understood, else as it was written."""
    said = read(written)
    if said is None or (not said.is_short and (get_language() or "en").startswith("en")):
        return How(text=written)
    return How(text=in_words(said), written=written)


def in_words(said: Directions) -> str:
    amount = _amount(said)
    if said.verb:
        amount = str(_VERBS[said.verb]) % {"what": amount}
    if said.route and (said.unit, said.route) != ("puff", "inhaled"):
        amount = f"{amount} {_ROUTES[said.route]}"
    parts = [amount]
    if said.times:
        parts.append(str(_TIMES[said.times]))
    if said.hours:
        parts.append(_hours(*said.hours))
    parts += [str(_WHEN[each]) for each in said.when]
    if said.food:
        parts.append(str(_FOOD[said.food]))
    if said.as_needed:
        parts.append(str(_NEEDED[said.reason]))
    if said.lasting:
        parts.append(_lasting(*said.lasting))
    return ", ".join(parts)


def _amount(said: Directions) -> str:
    if said.unit == "tablet" and said.low == said.high == "0.5":
        return _("half a tablet")
    # Of 0.5 and 1.5 the plural, as of 2.
    unit = _UNITS[said.unit](1 if said.high == "1" else 2) if said.unit in _UNITS else said.unit
    if said.low == said.high:
        return f"{said.low} {unit}"
    return _("%(low)s to %(high)s %(unit)s") % {"low": said.low, "high": said.high, "unit": unit}


def _hours(low: int, high: int) -> str:
    if low == high:
        return ngettext("every hour", "every %(n)s hours", low) % {"n": low}
    return _("every %(low)s to %(high)s hours") % {"low": low, "high": high}


def _lasting(count: int, of: str) -> str:
    if of == "days":
        return ngettext("for %(n)s day", "for %(n)s days", count) % {"n": count}
    return ngettext("for %(n)s week", "for %(n)s weeks", count) % {"n": count}
