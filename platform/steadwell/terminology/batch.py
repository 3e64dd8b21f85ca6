"""Answers lines of standard input one by one, for programs: a line that came in is answered at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator

CHUNK = 1 << 16


def answer_lines(row: Callable[[str], str]) -> None:
    """Write ``row(line)`` for each line. Bytes that are no UTF-8 become U+FFFD; who stops reading ends it."""
    try:
        for lines in _lines(sys.stdin.fileno()):
            text = "".join(row(line) for line in lines)
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the interpreter says it again


def one_line(text: str) -> str:
    """A text that is safe as one cell: whatever is no printable sign is a space."""
    return text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)


def _lines(source: int) -> Iterator[list[str]]:
    """What has come in so far, by whole lines: a program that waits for each answer gets it."""
    rest = b""
    while chunk := os.read(source, CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        if whole:
            yield [_text(line) for line in whole]
    if rest:
        yield [_text(rest)]


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")
