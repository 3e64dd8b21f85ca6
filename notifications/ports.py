"""What a channel is: one small protocol, so that the next provider is one more class."""

from __future__ import annotations

from typing import Protocol

from notifications.types import Letter, Receipt


class Unreached(Exception):
    """The message was certainly not taken: try again later. ``cause`` is a code, never the provider's
    words.
    """

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


class Unsure(Exception):
    """The provider had the whole message when the line went silent: it may have taken it."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


class Channel(Protocol):
    """Carries letters. Holds no database connection and returns within its deadline.

    ``send`` answers a Receipt when the provider decided, raises Unreached or Unsure when it did not. ``find``
    asks what became of the message with this key: None when the provider never took it; raises Unreached
    when it did not say. It is asked only where the account ``finds``.
    """

    provider: str

    def send(self, letter: Letter) -> Receipt: ...

    def find(self, key: str) -> Receipt | None: ...
