"""What a message is made from: its words in each language, and what it needs to be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from notifications.types import Kind
from notifications.types import Text as Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """``supersedes``: earlier messages about the same thing that this one makes wrong. ``expires`` names the
    param after whose instant the message is of no use.
    """

    code: str
    texts: Mapping[str, Text]
    required: frozenset[str]
    kind: Kind = Kind.VISITS
    version: int = 1
    supersedes: frozenset[str] = field(default_factory=frozenset)
    expires: str = ""
    # Not to be declined: where the patient wants no channel for it, it goes by e-mail.
    must_reach: bool = False
