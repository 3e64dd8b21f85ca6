"""What labs refuses."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from steadwell.errors import NotFound, Refusal


class ReportNotFound(NotFound):
    """Not there, not yours, or not released to you."""


class NotWaiting(Refusal):
    code: ClassVar[str] = "not-waiting"
    message = _("This report no longer waits: someone has already decided.")


class AlreadySettled(Refusal):
    code: ClassVar[str] = "already-settled"
    message = _("Someone has already dealt with this one.")


class StillUnreadable(Refusal):
    """What was put in its place cannot be read either; ``text`` says why."""

    code: ClassVar[str] = "still-unreadable"
    message = _("This still cannot be read.")


class OrderNumberTaken(Refusal):
    code: ClassVar[str] = "order-number-taken"
    message = _("There is another order with this number.")
