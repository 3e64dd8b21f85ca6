"""MLLP: where one message ends and the next begins (HL7 implementation guide, appendix C).

A frame is 0x0B, the message, 0x1C, 0x0D. Neither mark is text, so a missing start block or a missing last
byte loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

START: Final = b"\x0b"
END: Final = b"\x1c"
CLOSE: Final = b"\x1c\r"
_BETWEEN: Final = b"\r\n\x00 \t"
HEAD: Final = 4096  # of a message that is too large: enough to answer it by its name


def frame(message: bytes) -> bytes:
    return START + message + CLOSE


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole message; or, when it was too large, its first bytes."""

    content: bytes
    too_large: bool = False


class Framer:
    """Bytes as they arrive, frames as they are whole. Holds at most ``limit`` bytes and one chunk."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._seen = 0
        self._dropping = False
        self.truncated = 0  # messages that a new start block cut off; they were never acknowledged

    @property
    def pending(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._dropping or bool(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        self._buffer += data
        found: list[Frame] = []
        while (end := self._buffer.find(END, self._seen)) >= 0:
            found += self._take(end)
            del self._buffer[: end + 1]
            self._skip_between()
            self._seen, self._dropping = 0, False
        if not self._dropping:
            self._skip_between()
        self._seen = len(self._buffer)
        self._keep_to_limit()
        return found

    def _take(self, end: int) -> list[Frame]:
        if self._dropping:
            return [Frame(bytes(self._buffer[:HEAD]), too_large=True)]
        start = self._buffer.rfind(START, 0, end)
        if start > 0 and self._buffer[:start].strip(b"\x0b\r\n\x00 \t"):
            self.truncated += 1
        content = bytes(self._buffer[start + 1 : end])
        if len(content) > self._limit:
            return [Frame(content[:HEAD], too_large=True)]
        return [Frame(content)] if content.strip(_BETWEEN) else []

    def _skip_between(self) -> None:
        """Line breaks and NULs between two frames are nobody's."""
        if self._buffer and self._buffer[0] in _BETWEEN:
            self._buffer = self._buffer.lstrip(_BETWEEN)

    def _keep_to_limit(self) -> None:
        if self._dropping or len(self._buffer) > self._limit:
            self._dropping = True
            del self._buffer[HEAD:]
            self._seen = len(self._buffer)
