"""Why a value or a unit was not trusted, in the reader's language.

What is stored is the engine's own English sentence, word for word, because it is part of the record. In
another language its reader gets the same reason in that language, without the parser's detail.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

_Said = Callable[[re.Match[str]], str]


def in_words(reason: str) -> str:
    """A reason of ``ResultVersion.problem`` or ``unit_reason``; empty stays empty."""
    if not reason or (get_language() or "en").startswith("en"):
        return reason
    for pattern, said in _PATTERNS:
        if found := pattern.fullmatch(reason):
            return said(found)
    translated = _(reason)
    return translated if translated != reason else _("The unit could not be understood or converted safely.")


_PATTERNS: Final[tuple[tuple[re.Pattern[str], _Said], ...]] = (
    (
        re.compile(r"(.+) needs a unit, and none was sent\."),
        lambda m: _("%(test)s needs a unit, and none was sent.") % {"test": m[1]},
    ),
    (re.compile(r"No unit was sent\."), lambda m: _("No unit was sent.")),
    (
        re.compile(r"Nobody has said yet what “(.+?)” means\..*", re.DOTALL),
        lambda m: _("Nobody has said yet what “%(unit)s” means.") % {"unit": m[1]},
    ),
    (
        re.compile(r"(\S+) is .+; (.+) is measured in (\S+), which is .+\."),
        lambda m: (
            _("%(unit)s does not measure the same as %(expected)s, in which %(test)s is measured.")
            % {"unit": m[1], "test": m[2], "expected": m[3]}
        ),
    ),
    (
        re.compile(r"(.+) is measured in (\S+)\. .+", re.DOTALL),
        lambda m: (
            _("%(test)s is measured in %(expected)s; what was sent cannot be converted to it safely.")
            % {"test": m[1], "expected": m[2]}
        ),
    ),
    (
        re.compile(r"“(.+?)” is valid UCUM and means .+", re.DOTALL),
        lambda m: (
            _("“%(unit)s” means something else in UCUM than what laboratories mean by it.") % {"unit": m[1]}
        ),
    ),
    (
        re.compile(r"“(.+?)”: .+\."),
        lambda m: _("“%(unit)s” does not say for sure which unit is meant.") % {"unit": m[1]},
    ),
    (
        re.compile(r"(\S+) is .+ and (\S+) is .+\."),
        lambda m: _("%(unit)s and %(other)s do not measure the same.") % {"unit": m[1], "other": m[2]},
    ),
)
