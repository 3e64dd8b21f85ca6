"""What may go wrong with a form, in words for whoever asked."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_noop

from steadwell.errors import Invalid, Refusal


class FormNotFillable(Refusal):
    """It asks what this portal cannot ask, or nobody is to fill it in any more."""

    code = "form-not-fillable"
    message: ClassVar[object] = gettext_noop("This form cannot be filled in here.")


class FormAskedAlready(Refusal):
    code = "form-asked-already"
    message: ClassVar[object] = gettext_noop("The patient already has this form.")


class FormMoved(Refusal):
    """It was sent, read or taken back meanwhile."""

    code = "form-moved"
    message: ClassVar[object] = gettext_noop("Something happened to this form meanwhile. Look at it again.")


class FormChanged(Refusal):
    """Whoever wrote it changed its questions while it was filled in."""

    code = "form-changed"
    message: ClassVar[object] = gettext_noop(
        "The questions changed while you answered. What still fits is kept: please look again and send it."
    )


class AnswersDoNotFit(Invalid):
    code = "answers-do-not-fit"
    message: ClassVar[object] = gettext_noop("Some answers do not fit the form. Please look at them again.")
