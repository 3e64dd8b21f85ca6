"""Escape sequences of HL7 2.8, chapter 2.7, turned into the text that a person reads.

What is no known sequence stays as it is written: a path in a comment holds backslashes too.
"""

from __future__ import annotations

import re
from functools import lru_cache

from fhir_facade.hl7v2.marks import Marks

_PARAGRAPH = {".br": "\n", ".ce": "\n", ".fi": "", ".nf": "", ".in": "", ".ti": ""}
_BODY = (
    r"(?:[FSTREPHN]|X(?:[0-9A-Fa-f]{2})+|C[0-9A-Fa-f]{4}|M[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{2})?"
    r"|\.(?i:br|ce|fi|nf)|\.(?i:sp|sk|in|ti)\s?[+-]?\d{0,3})"
)


@lru_cache(maxsize=64)
def _pattern(escape: str) -> re.Pattern[str]:
    mark = re.escape(escape)
    return re.compile(f"{mark}({_BODY}){mark}")


def unescape(text: str, marks: Marks, codec: str) -> str:
    """``text`` with every escape sequence replaced. ``codec`` is the message's, for ``\\X..\\``."""
    if not marks.escape or marks.escape not in text:
        return text
    return _pattern(marks.escape).sub(lambda found: _meaning(found[1], marks, codec), text)


def _meaning(body: str, marks: Marks, codec: str) -> str:
    kind = body[0]
    if len(body) == 1:
        return {
            "F": marks.field, "S": marks.component, "T": marks.part, "R": marks.repeat, "E": marks.escape,
            "P": marks.truncation or "#", "H": "", "N": "",
        }[kind]  # fmt: skip
    if kind == "X":
        return _read_bytes(bytes.fromhex(body[1:]), codec)
    if kind in "CM":
        return ""  # a switch of character set inside the text: the codec has read what follows
    return _layout(body.lower())


def _read_bytes(data: bytes, codec: str) -> str:
    for name in (codec, "cp1252"):
        try:
            return data.decode(name).replace("\r\n", "\n").replace("\r", "\n")
        except (UnicodeDecodeError, UnicodeError):
            continue
    return data.decode("latin-1")


def _layout(command: str) -> str:
    name, number = command[:3], command[3:].strip()
    if name == ".sp":
        return "\n" * (int(number) if number.isdigit() else 1)
    if name == ".sk":
        return " " * (int(number) if number.isdigit() else 1)
    return _PARAGRAPH[name]
