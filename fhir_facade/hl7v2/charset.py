"""Which characters the bytes of a message are: what MSH-18 says, strictly; else the likeliest, with a flag.

HL7 table 0211 names the sets. A blank MSH-18 means ASCII, of which UTF-8 is the superset that senders write.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

_CODECS: Final = {
    "": "utf-8",
    "ASCII": "utf-8",  # checked to be ASCII below
    "8859/1": "latin-1",
    "8859/2": "iso8859-2",
    "8859/3": "iso8859-3",
    "8859/4": "iso8859-4",
    "8859/5": "iso8859-5",
    "8859/6": "iso8859-6",
    "8859/7": "iso8859-7",
    "8859/8": "iso8859-8",
    "8859/9": "iso8859-9",
    "8859/15": "iso8859-15",
    "UNICODE": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "UNICODE UTF-16": "utf-16",
    "UNICODE UTF-32": "utf-32",
    "ISO IR6": "utf-8",
    "ISO IR14": "iso2022_jp",
    "ISO IR87": "iso2022_jp",
    "ISO IR159": "iso2022_jp_1",
    "GB 18030-2000": "gb18030",
    "KS X 1001": "euc_kr",
    "BIG-5": "big5",
    # Not in the table, and written all the same.
    "CP1252": "cp1252",
    "WINDOWS-1252": "cp1252",
    "ISO-8859-1": "latin-1",
    "LATIN1": "latin-1",
}
_WIDE_BOMS: Final = (  # UTF-32 first: its mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE_STARTS: Final = (
    ("MSH".encode("utf-32-le"), "utf-32-le"),
    ("MSH".encode("utf-32-be"), "utf-32-be"),
    ("MSH".encode("utf-16-le"), "utf-16-le"),
    ("MSH".encode("utf-16-be"), "utf-16-be"),
)
_WIDE: Final = frozenset({"utf-16", "utf-32"})
_C1: Final = bytes(range(0x80, 0xA0))


@dataclass(frozen=True, slots=True)
class Decoded:
    """``doubtful``: not what MSH-18 said, or MSH-18 said nothing we know. ``damaged``: some bytes are no text
    in any set that was tried; U+FFFD stands where they were.
    """

    text: str
    codec: str
    declared: str
    doubtful: bool = False
    damaged: bool = False


def decode(raw: bytes, declared: str) -> Decoded:
    """The text of a message whose MSH-18 (first repetition) is ``declared``."""
    wide = find_wide(raw)
    if wide:
        return _decode_wide(raw, wide, declared)
    name = declared.strip().upper()
    codec = _CODECS.get(name)
    known = codec is not None
    if codec is None or codec in _WIDE:
        codec, known = "utf-8", False
    try:
        text = raw.decode(codec)
    except (UnicodeDecodeError, UnicodeError):
        return _guess(raw, declared)
    if raw.isascii():
        # Also under a 7-bit set that switches: the codec has read its switches.
        return Decoded(text, codec, declared, doubtful=not known)
    if codec == "latin-1" and raw.translate(None, _C1) != raw:
        # No laboratory means C1 control characters: the bytes are Windows' own or UTF-8.
        return _guess(raw, declared)
    return Decoded(text, codec, declared, doubtful=not known or name in {"ASCII", "ISO IR6"})


def find_wide(raw: bytes) -> str:
    """The codec of two or four bytes a character, by mark or by the look of the header; else empty."""
    for mark, codec in _WIDE_BOMS:
        if raw.startswith(mark):
            return codec
    for start, codec in _WIDE_STARTS:
        if raw.startswith(start):
            return codec
    return ""


def _decode_wide(raw: bytes, codec: str, declared: str) -> Decoded:
    try:
        return Decoded(raw.decode(codec), codec, declared)
    except UnicodeDecodeError:
        return Decoded(raw.decode(codec, "replace"), codec, declared, doubtful=True, damaged=True)


def _guess(raw: bytes, declared: str) -> Decoded:
    """UTF-8 when it is that throughout (chance hardly makes it so), else Windows' western set."""
    for codec in ("utf-8", "cp1252"):
        try:
            return Decoded(raw.decode(codec), codec, declared, doubtful=True)
        except UnicodeDecodeError:
            continue
    return Decoded(raw.decode("cp1252", "replace"), "cp1252", declared, doubtful=True, damaged=True)
