"""A form that asks a service for something: what is refused comes back on the form, once for all pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django import forms
from django.utils.translation import gettext as _

from medications.errors import ReasonNeeded, StaleFact
from medications.types import CheckView
from steadwell.errors import NotFound, Refusal
from steadwell.portal.service import refuse

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(Generic[T]):
    """``done`` is the service's answer. Else ``check`` is what the checks ask a reason for, or ``stale``
    holds what the writer saw and what is there now.
    """

    done: T | None = None
    check: CheckView | None = None
    stale: StaleFact[Any] | None = None

    @property
    def status(self) -> int:
        return 412 if self.stale else 200


def attempt(form: forms.Form, act: Callable[[], T]) -> Attempt[T]:
    """Do it if the form is right. What is not there, or not yours, is never a form's error."""
    if not form.is_valid():
        return Attempt()
    try:
        return Attempt(done=act())
    except NotFound:
        raise
    except ReasonNeeded as refusal:
        # The form comes back with what the checks said; each alert has its own place for a reason.
        form.add_error(None, _("The safety checks found something. Say why this is right, or change it."))
        return Attempt(check=refusal.check)
    except StaleFact as refusal:
        refuse(form, refusal)
        return Attempt(stale=refusal)
    except Refusal as refusal:
        refuse(form, refusal)
        return Attempt()
