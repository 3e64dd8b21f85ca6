"""The language of the messages: plain text with ``{variable}`` in it, and nothing else.

No conditions, no loops, no attributes, no filters: whoever writes a message can say the few things that have
a variable. Django's templates never see what staff wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACE = re.compile(r"\{([a-z_]{1,30})\}")
_BRACE = re.compile(r"[{}]")


class NotTheLanguage(ValueError):
    """A brace that is no variable."""


def variables(text: str) -> frozenset[str]:
    """The variables a text uses. Raises NotTheLanguage."""
    if _BRACE.search(_PLACE.sub("", text)):
        raise NotTheLanguage(text)
    return frozenset(_PLACE.findall(text))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables' values, which are never read as text of the language themselves."""
    return _PLACE.sub(lambda found: values[found[1]], text)
