"""What this edge refuses to read or to take, each with a reason that a person can act on."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from steadwell.errors import Kind, NotFound, Refusal

REASONS: Final = {
    "empty": _("There is no message in it."),
    "too-large": _("The message is larger than this listener takes."),
    "too-many-segments": _("The message has more segments than this listener takes."),
    "no-header": _("It does not begin with an MSH segment."),
    "separators": _("MSH-1 and MSH-2 do not name usable separators."),
    "no-type": _("MSH-9 names no message type."),
    "no-control-id": _("MSH-10 is empty, so the message cannot be told from a repeat."),
    "control-id-too-long": _("MSH-10 is longer than 199 characters."),
    "control-id-reused": _("The control id (MSH-10) was used before with another body."),
    "type-not-allowed": _("This sender may not send this type of message."),
    "application-not-allowed": _("MSH-3 or MSH-4 is not what this sender was registered with."),
    "processing-not-allowed": _("This sender may not send messages with this processing id (MSH-11)."),
    "not-storable": _("The message cannot be stored as it is."),
    "no-report": _("The message carries no report (OBR)."),
    "report-invalid": _("A report in it could not be filed."),
    "report-forbidden": _("A report in it could not be filed."),
    "not-handled": _("This type of message is not handled here."),
}


class Unreadable(Refusal):
    """Bytes that are no HL7 message. ``reason`` is a key of ``REASONS``."""

    code = "hl7-unreadable"
    kind = Kind.INVALID

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)  # the words are in REASONS, for whoever shows them


class MessageNotFound(NotFound):
    code = "hl7-message-not-found"


class NotQuarantined(Refusal):
    """The message is not set aside (any more): somebody else has replayed or settled it."""

    code = "hl7-not-quarantined"
    message = _("This message is not set aside any more.")
