"""A form that asks a service for something: what is refused comes back on the form, with what was typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django import forms

from messaging.errors import StaleConversation
from messaging.types import ConversationView
from steadwell.errors import NotFound, Refusal
from steadwell.portal.service import refuse


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """``done`` is the service's answer; ``stale`` what the writer had not seen yet."""

    done: ConversationView | None = None
    stale: StaleConversation | None = None

    @property
    def status(self) -> int:
        return 412 if self.stale else 200


def attempt(form: forms.Form, act: Callable[[], ConversationView]) -> Attempt:
    """Do it if the form is right. What is not there, or not yours, is never a form's error."""
    if not form.is_valid():
        return Attempt()
    try:
        return Attempt(done=act())
    except NotFound:
        raise
    except Refusal as refusal:
        refuse(form, refusal)
        return Attempt(stale=refusal if isinstance(refusal, StaleConversation) else None)
