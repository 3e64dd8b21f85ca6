"""What notifications refuses, in words for the reader of the page."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from steadwell.errors import Kind, Refusal


class ActionNotMissed(Refusal):
    code = "action-not-missed"
    kind = Kind.CONFLICT
    message: ClassVar[object] = _("This has been dealt with meanwhile.")
