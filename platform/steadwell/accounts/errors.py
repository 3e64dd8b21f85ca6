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


class AddressNotPlain(Refusal):
    """RFC 6531: many mail servers refuse such addresses, and a letter that cannot arrive helps nobody."""

    code = "address-not-plain"
    kind = Kind.INVALID
    message = _(
        "Use an address with plain letters and digits before the @. Not every mail server takes others."
    )


class TooManyInvitations(Refusal):
    code = "too-many-invitations"
    kind = Kind.CONFLICT
    message = _("Too many invitations were sent today. Try again tomorrow, or link an account with a code.")


class InvitationOver(Refusal):
    """Used, withdrawn, replaced, expired or met with too many wrong dates: one answer for all of them."""

    code = "invitation-over"
    kind = Kind.CONFLICT
    message = _("This invitation no longer works. Ask the clinic for a new one.")


class BirthDateNotMatched(Refusal):
    code = "birth-date-not-matched"
    kind = Kind.INVALID
    message = _("This is not the date of birth that the clinic has. Check it, or ask the front desk.")


class BirthDateUnknown(Refusal):
    """Without it nothing tells the patient from whoever reads their mail."""

    code = "birth-date-unknown"
    kind = Kind.CONFLICT
    message = _("The clinic does not know this patient's date of birth. Enter it first.")


class CodeNotMatched(Refusal):
    """One answer for a wrong code, an old one and a wrong date."""

    code = "code-not-matched"
    kind = Kind.INVALID
    message = _("This code and date of birth do not belong together, or the code is over. Ask for a new one.")


class AlreadySetUp(Refusal):
    code = "already-set-up"
    kind = Kind.CONFLICT
    message = _("This person has set a password already. They can set a new one from the sign-in page.")
