"""The key that makes a form safe to send twice: written into the form, read back by its view."""

from __future__ import annotations

import re

from django.http import HttpRequest

from steadwell.errors import Invalid
from steadwell.ids import new_id

FIELD = "request_key"
_SHAPE = re.compile(r"[A-Za-z0-9_-]{8,64}")


def new_request_key() -> str:
    return str(new_id())


def request_key(request: HttpRequest) -> str:
    """The key the posted form carries. Raises Invalid when it has none: such a form is not one of ours."""
    key = request.POST.get(FIELD, "")
    if not _SHAPE.fullmatch(key):
        raise Invalid
    return key


def seen_version(request: HttpRequest, field: str = "seen") -> int:
    """The version that the writer saw, as the posted form has it. Raises Invalid for what is no number."""
    return version_number(request.POST.get(field, ""))


def version_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid
    return int(text)
