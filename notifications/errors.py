"""What notifications refuses, in words for the reader of the page."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

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
