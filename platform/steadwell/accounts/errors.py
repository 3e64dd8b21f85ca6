"""What accounts refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from steadwell.errors import Kind, NotFound, Refusal


class EmailTaken(Refusal):
    """Only for staff and seeders; a page open to everybody must not tell who has an account."""

    code = "email-taken"
    kind = Kind.CONFLICT
    message = _("There is already an account with this e-mail address.")


class AlreadyLinked(Refusal):
    code = "already-linked"
    kind = Kind.CONFLICT
    message = _("This record already belongs to an account.")


class UserNotFound(NotFound):
    message = _("We could not find that account.")


class LastAdministrator(Refusal):
    """A clinic without an administrator could not make a new one."""

    code = "last-administrator"
    kind = Kind.CONFLICT
    message = _("This is the last administrator. Give somebody else the role first.")


class UnknownTimeZone(Refusal):
    code = "unknown-time-zone"
    kind = Kind.INVALID
    message = _("That is not a time zone.")


class RecordNotMatched(Refusal):
    """One answer for a wrong number, a wrong date and a record that has an account."""

    code = "record-not-matched"
    kind = Kind.INVALID
    message = _(
        "We could not match these details. Check both against a letter from the clinic,"
        " or ask the front desk."
    )
