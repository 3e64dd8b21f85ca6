"""Header and footer of a page, rendered once for all who see the same in them.

They were half of what a page costs. What is one reader's alone (address of the page, e-mail address, token
against forged forms) has a mark in what is kept, and is filled in for each page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import get_urlconf
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from steadwell.portal.shell import Shell, shell_of

# Characters for private use: no text of ours has them, and what is filled in is not looked at again.
_HERE, _EMAIL, _TOKEN = "\ue000", "\ue001", "\ue002"
_MARKS: Final = re.compile(f"([{_HERE}{_EMAIL}{_TOKEN}])")


@dataclass(frozen=True, slots=True)
class _Look:
    """All that a part of the frame is made from, readers left out."""

    part: str
    shell: Shell
    has_email: bool
    language: str | None
    routes: object


def render(part: str, context: Context) -> SafeString:
    """``header`` or ``footer`` of a page with this context."""
    shell = shell_of(context["request"])
    email: str = getattr(context.get("user"), "email", "")
    look = _Look(
        part=part,
        shell=replace(shell, here=_HERE),
        has_email=bool(email),
        language=get_language(),
        routes=get_urlconf(),
    )
    pieces = list(_rendered(look))
    mine = {_HERE: shell.here, _EMAIL: email, _TOKEN: str(context.get("csrf_token", ""))}
    pieces[1::2] = [conditional_escape(mine[mark]) for mark in pieces[1::2]]
    return mark_safe("".join(pieces))  # noqa: S308 - a template's own output, and values escaped above


@lru_cache(maxsize=1024)
def _rendered(look: _Look) -> tuple[str, ...]:
    """Text, mark, text, mark, ... text."""
    words = {
        "shell": look.shell,
        "user": {"email": _EMAIL if look.has_email else ""},
        "csrf_token": _TOKEN,
    }
    return tuple(_MARKS.split(render_to_string(f"portal/components/{look.part}.html", words)))
