"""What a service refuses, said to whoever asked for it, in their language.

What is not there, or not theirs, is never said this way: NotFound passes, and the page is not found either.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext

from steadwell.errors import NotFound, Refusal


@contextmanager
def refusals_on(form: forms.BaseForm) -> Iterator[None]:
    """What is refused inside is shown on the form, and what stands below it inside is left undone."""
    try:
        yield
    except NotFound:
        raise
    except Refusal as refusal:
        refuse(form, refusal)


@contextmanager
def refusals_above(request: HttpRequest) -> Iterator[None]:
    """What is refused inside is said above the next page, and what stands below it inside is left undone."""
    try:
        yield
    except NotFound:
        raise
    except Refusal as refusal:
        messages.error(request, gettext(refusal.text))


def refuse(form: forms.BaseForm, refusal: Refusal) -> None:
    """Show a service's refusal on the form that asked for it, at the fields it names."""
    for name, text in refusal.fields.items():
        form.add_error(name if name in form.fields else None, gettext(text) if text else text)
    if not refusal.fields:
        form.add_error(None, gettext(refusal.text))
