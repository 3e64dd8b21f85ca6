"""What notifications refuses, in words for the reader of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from notifications.checking import Finding
from steadwell.errors import Kind, Refusal


class ActionNotMissed(Refusal):
    code = "action-not-missed"
    kind = Kind.CONFLICT
    message: ClassVar[object] = _("This has been dealt with meanwhile.")


class CodeNotRight(Refusal):
    code = "code-not-right"
    kind = Kind.INVALID
    message: ClassVar[object] = _("This code is not right, or too old.")


class TooManyCodes(Refusal):
    code = "too-many-codes"
    kind = Kind.CONFLICT
    message: ClassVar[object] = _("You have asked for many codes today. Please try again tomorrow.")


class WordingRefused(Refusal):
    """``findings`` say what is wrong and where."""

    code = "wording-refused"
    kind = Kind.INVALID
    message: ClassVar[object] = _("These words cannot be used as they are.")

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__()
        self.findings = tuple(findings)


class WordingDecided(Refusal):
    code = "wording-decided"
    kind = Kind.CONFLICT
    message: ClassVar[object] = _("This was decided meanwhile, or newer words are in use.")


class NotYoursToDecide(Refusal):
    code = "wording-own"
    kind = Kind.CONFLICT
    message: ClassVar[object] = _("A second person has to take these words into use.")


class CampaignMoved(Refusal):
    code = "campaign-moved"
    kind = Kind.CONFLICT
    message: ClassVar[object] = _("This campaign stands otherwise meanwhile. Look again.")


class ReachedNowhere(Refusal):
    """A patient without an account and without an address: whatever is said, nobody hears it."""

    code = "reached-nowhere"
