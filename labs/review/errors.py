"""Why a result could not be signed, passed on or acknowledged, in words for a clinician in a hurry."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from steadwell.errors import Invalid, Kind, Refusal, Stale


class NewerVersion(Stale):
    """A signature of a version that is not the current one. ``current`` is the version that counts now."""

    code = "newer-version"
    message: ClassVar[object] = _(
        "A newer version of this result came in while you were reading. Compare the two below, then sign the"
        " new one."
    )

    def __init__(self, *, current: int) -> None:
        self.current = current
        super().__init__()


class AlreadySigned(Refusal):
    """Somebody was faster; nothing is lost. ``by`` is the clinician, where the signer is one."""

    code = "already-signed"
    message: ClassVar[object] = _("A colleague signed this result a moment ago. There is nothing left to do.")

    def __init__(self, *, by: UUID | None = None, message: str = "") -> None:
        self.by = by
        super().__init__(message)


class NotNormal(Refusal):
    code = "not-normal"
    message: ClassVar[object] = _(
        "Only results that are normal, complete and uncorrected are signed together. Open the others one by"
        " one."
    )


class TaskClosed(Refusal):
    code = "task-closed"
    message: ClassVar[object] = _("This has been dealt with already. There is nothing left to do.")


class NotReading(Invalid):
    """Who is to read it cannot: no clinician of the report's site, or the one who has it anyway."""

    code = "not-reading"
    message: ClassVar[object] = _("Choose a colleague who reads results at this clinic.")


class AlreadyCovered(Refusal):
    code = "already-covered"
    message: ClassVar[object] = _("Somebody covers for part of this time already. End that first.")


class ReadBackWrong(Invalid):
    """What was typed is not the value. It is on record, as read back wrongly."""

    code = "read-back-wrong"
    message: ClassVar[object] = _(
        "That is not the value on this result. Look at it again and type it exactly as it stands."
    )


class AlreadyAcknowledged(Refusal):
    code = "already-acknowledged"
    message: ClassVar[object] = _("A colleague has confirmed this value already. The call is closed.")


class CallWithdrawn(Refusal):
    code = "call-withdrawn"
    kind = Kind.CONFLICT
    message: ClassVar[object] = _(
        "The laboratory has sent a newer version, and this value counts no longer. Look at the new one."
    )
