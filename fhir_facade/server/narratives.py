"""What a narrative may hold: FHIR's basic XHTML and nothing that does something (txt-1, txt-2).

http://hl7.org/fhir/R4/narrative.html. Said by what is allowed: what is forbidden has too many spellings.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError, fromstring

_NAMESPACE = "{http://www.w3.org/1999/xhtml}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_ELEMENTS = """
div p br hr h1 h2 h3 h4 h5 h6 ul ol li dl dt dd pre blockquote address ins del a span bdo em strong
dfn code samp kbd var cite abbr acronym q sub sup tt i b big small img table caption thead tfoot
tbody colgroup col tr th td
"""
_ATTRIBUTES = """
title class id style lang dir name href src alt height width cite datetime summary border frame
rules cellspacing cellpadding span align char charoff valign abbr axis headers scope rowspan colspan
start value type compact hreflang rel rev
"""
_KNOWN = frozenset(f"{_NAMESPACE}{each}" for each in _ELEMENTS.split())
_SAID = frozenset({*_ATTRIBUTES.split(), f"{_XML}lang", f"{_XML}space"})
_ADDRESSES = frozenset({"href", "src", "cite"})
# Relative, a place in it, or of these schemes; a picture may be in the address itself.
_HARMLESS = re.compile(
    r"(https?:|mailto:|tel:|#|data:image/(png|jpeg|gif);base64,|[^:]*$|[^:/?#]*[/?#])", re.I
)
_ACTIVE_STYLE = re.compile(r"[\\@<]|url\s*\(|expression|behavior|binding|javascript", re.I)
_CONTROLS = re.compile(r"[\x00-\x20]+")


def is_safe(text: str) -> bool:
    """Whether it is one well-formed div of harmless content that says something."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text or "<?" in text:
        return False
    try:
        div = fromstring(text)  # noqa: S314 - without a DOCTYPE nothing expands
    except (ParseError, ValueError):
        return False
    says = "".join(div.itertext()).strip() or div.find(f".//{_NAMESPACE}img") is not None
    return div.tag == f"{_NAMESPACE}div" and bool(says) and all(_harmless(each) for each in div.iter())


def _harmless(element: Element) -> bool:
    return element.tag in _KNOWN and all(_may_be(name, value) for name, value in element.items())


def _may_be(name: str, value: str) -> bool:
    if name not in _SAID:
        return False
    if name in _ADDRESSES:
        return _HARMLESS.match(_CONTROLS.sub("", value)) is not None
    return name != "style" or _ACTIVE_STYLE.search(value) is None
