"""OBX-5 by its type (OBX-2): what a result says, as text, code or document."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from django.utils.translation.trans_null import gettext_noop

from fhir_facade.hl7v2.marks import Marks
from fhir_facade.hl7v2.splitter import Segment
from labs.service import Attachment, Coded

CODED: Final = frozenset({"CE", "CWE", "CNE", "CF"})
TEXT: Final = frozenset({"TX", "FT", "ST", ""})
_LONGEST_KNOWN: Final = 200
_PLAIN: Final = frozenset({"NM", "IS", "ID", "SI", "DT", "TM", "TS", "DTM"})
NOT_BASE64 = gettext_noop("The document in it is damaged: its base64 cannot be read.")
NO_DOCUMENT = gettext_noop("The document in it is of a kind that is not kept.")
# Kinds of documents that are kept, and how their bytes begin.
_KINDS: Final = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "text/plain": (b"",),
}
_SUFFIX: Final = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "text/plain": ".txt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    text: str = ""
    code: Coded | None = None
    attachment: Attachment | None = None
    refusal: str = ""


def read_coded(segment: Segment, raw: str) -> Coded:
    """CE and CWE: a code, its text and system, and the same once more in another system."""
    parts = [segment.pick(raw, number).strip() for number in range(1, 7)]
    return Coded(
        code=parts[0], text=parts[1], system=_system(parts[2]),
        alternate_code=parts[3], alternate_text=parts[4], alternate_system=_system(parts[5]),
    )  # fmt: skip


def read_known(segment: Segment, raw: str) -> Coded:
    """The same for what a laboratory writes the same way all day: tests and units."""
    if len(raw) > _LONGEST_KNOWN:
        return read_coded(segment, raw)
    return _known(raw, segment.marks, segment.codec)


@lru_cache(maxsize=4096)
def _known(raw: str, marks: Marks, codec: str) -> Coded:
    return read_coded(Segment("", "", marks, codec), raw)


def _system(name: str) -> str:
    return "LN" if name.upper() in {"LN", "LOINC", "LNC"} else name


def read_values(segment: Segment, kind: str) -> Iterator[Value]:
    """Each repetition of OBX-5. Those of a text are its lines; one empty value where there is none."""
    repeats = segment.repeats(5)
    if not repeats:
        yield Value()
    elif kind in TEXT:
        lines = [segment.read(each) for each in repeats]
        yield Value(text="\n".join(lines))
    else:
        for each in repeats:
            yield _read(segment, each, kind)


def _read(segment: Segment, raw: str, kind: str) -> Value:
    if kind in CODED:
        code = read_coded(segment, raw)
        text = code.text or code.alternate_text or segment.pick(raw, 9) or code.code
        return Value(text=text, code=code)
    if kind == "ED":
        return _document(segment, raw)
    if kind == "SN":
        return Value(text="^".join(_components(segment, raw)))
    if kind in _PLAIN:
        return Value(text=segment.pick(raw).strip() if kind != "IS" else segment.read(raw))
    if kind == "DR":
        return Value(text=" – ".join(part for part in _components(segment, raw) if part))
    return Value(text=" ".join(part for part in _components(segment, raw) if part))


def _components(segment: Segment, raw: str) -> list[str]:
    parts = raw.split(segment.marks.component) if segment.marks.component else [raw]
    return [segment.read(part).strip() for part in parts]


def _document(segment: Segment, raw: str) -> Value:
    """ED: source ^ type ^ subtype ^ encoding ^ data."""
    name = (segment.text(3, 2) or segment.text(3, 1) or "document").strip()
    encoding = segment.pick(raw, 4).strip().upper()
    data = segment.pick(raw, 5)
    try:
        if encoding == "BASE64":
            content = base64.b64decode("".join(data.split()), validate=True)
        elif encoding == "HEX":
            content = bytes.fromhex(data)
        else:
            content = data.encode()
    except (ValueError, binascii.Error):
        return Value(text=name, refusal=NOT_BASE64)
    found = _kind_of(segment.pick(raw, 2), segment.pick(raw, 3), content)
    if found is None or not content:
        return Value(text=name, refusal=NO_DOCUMENT)
    suffix = _SUFFIX[found]
    titled = name if name.lower().endswith(suffix) else f"{name}{suffix}"
    return Value(text=titled, attachment=Attachment(name=titled, content_type=found, content=content))


def _kind_of(kind: str, subtype: str, content: bytes) -> str | None:
    """By its bytes, not by what it calls itself: a page of script named PDF is not kept."""
    for name, beginnings in _KINDS.items():
        if name != "text/plain" and content.startswith(beginnings):
            return name
    said = f"{kind.strip()}/{subtype.strip()}".lower()
    if said in {"text/plain", "text/", "tx/", "txt/", "text/ascii", "ft/"} and b"\0" not in content:
        return "text/plain"
    return None


def with_refusal(value: Value, why: str) -> Value:
    return replace(value, refusal=value.refusal or why)
