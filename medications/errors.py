"""What medications refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from django.utils.translation import gettext_lazy as _

from steadwell.errors import Kind, NotFound, Refusal, Stale

if TYPE_CHECKING:
    from medications.types import CheckView

T = TypeVar("T")


class MedicineNotFound(NotFound):
    """Not there, or not yours."""


class StaleFact(Stale, Generic[T]):
    """Somebody changed it since. ``seen`` is what the writer stood on (None when it is not known any more),
    ``current`` what is there: a person or a rule can put both side by side.
    """

    code: ClassVar[str] = "stale-fact"
    message = _("This has changed since you opened it. Both versions are shown: please look again.")

    def __init__(self, *, seen: T | None, current: T) -> None:
        super().__init__()
        self.seen, self.current = seen, current


class NotYoursToChange(Refusal):
    """A source's own words change by that source alone."""

    code: ClassVar[str] = "not-yours-to-change"
    message = _("This was said by another system. Decide about it instead of changing its words.")


class ReasonNeeded(Refusal):
    """The checks found what nobody may pass without a reason; ``check`` is what they said."""

    code: ClassVar[str] = "reason-needed"
    message = _("The safety checks found something. Say why this is right, or change it.")

    def __init__(self, check: CheckView) -> None:
        super().__init__()
        self.check = check


class NothingDecided(Refusal):
    code: ClassVar[str] = "nothing-decided"
    message = _("There is no decision to take back.")


class RefillUnderWay(Refusal):
    code: ClassVar[str] = "refill-under-way"
    message = _("A refill of this is already under way.")


class CannotRefill(Refusal):
    """Stopped, not prescribed by the clinic, or not understood."""

    code: ClassVar[str] = "cannot-refill"
    message = _("This cannot be refilled here. Ask your clinic.")


class RefillMoved(Refusal):
    """The step does not fit the state the refill is in by now."""

    code: ClassVar[str] = "refill-moved"
    message = _("This refill is not where it was: please look again.")


class RefusalNeedsReason(Refusal):
    code: ClassVar[str] = "refusal-needs-reason"
    kind = Kind.INVALID
    message = _("Say why, so that the patient knows.")
