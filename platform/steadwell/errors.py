"""Refusals: the failures a service expects and names.

Each edge maps a Refusal once: a page to a form error, the API to problem+json, FHIR to an OperationOutcome.
Anything that is not a Refusal is a fault and propagates untouched.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """What the reader can do about a refusal; the edge derives its status from it."""

    INVALID = "invalid"  # 400: the request makes no sense as written
    FORBIDDEN = "forbidden"  # 403: only where existence is already known to the reader
    NOT_FOUND = "not-found"  # 404: not there, or not theirs: the two look the same
    CONFLICT = "conflict"  # 409: somebody else was first, or the state does not allow it
    STALE = "stale"  # 412: the writer saw an older version
    BUSY = "busy"  # 503: try again shortly


HTTP_STATUS: Mapping[Kind, int] = {
    Kind.INVALID: 400,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.BUSY: 503,
}


class Refusal(Exception):
    """An expected failure with a stable code and a sentence for its reader.

    ``fields`` maps an input's name to what is wrong with it, for refusals of kind ``invalid``.
    """

    code: ClassVar[str] = "refused"
    kind: ClassVar[Kind] = Kind.CONFLICT
    # A plain or a translatable text: the reader's language is known only when the refusal is raised.
    message: ClassVar[object] = "This cannot be done right now."

    def __init__(self, message: str = "", *, fields: Mapping[str, str] | None = None) -> None:
        self.text = message or str(self.message)
        self.fields: Mapping[str, str] = dict(fields or {})
        super().__init__(self.code)

    def __str__(self) -> str:
        # The code only: a refusal's text may end in a log line, and its words are for the reader.
        return self.code


class Invalid(Refusal):
    code = "invalid"
    kind = Kind.INVALID
    message: ClassVar[object] = "Some of what was entered cannot be used."


class NotFound(Refusal):
    """Not there or not yours; deliberately one answer."""

    code = "not-found"
    kind = Kind.NOT_FOUND
    message: ClassVar[object] = "We could not find that."


class Forbidden(Refusal):
    code = "forbidden"
    kind = Kind.FORBIDDEN
    message: ClassVar[object] = "Your account does not allow this."


class Stale(Refusal):
    code = "stale"
    kind = Kind.STALE
    message: ClassVar[object] = (
        "This has changed since you opened it. Look at the latest version and try again."
    )


class Busy(Refusal):
    """A lock or a pool place could not be had in time; trying again is right."""

    code = "busy"
    kind = Kind.BUSY
    message: ClassVar[object] = "Many people are using this at once. Please try again in a moment."


class RequestKeyReused(Refusal):
    """The same request key came with another body (see DESIGN 4)."""

    code = "request-key-reused"
    kind = Kind.CONFLICT
    message: ClassVar[object] = (
        "This form was already sent with other answers. Open it again to start afresh."
    )
