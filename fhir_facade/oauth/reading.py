"""Requests of strangers, before anything of them is looked up."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase


def readable(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """400 for a NUL in any parameter: no table can even be asked for it."""

    @wraps(view)
    def looked_at(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        pairs = (pair for form in (request.GET, request.POST) for pair in form.lists())
        if any("\x00" in str(text) for name, values in pairs for text in (name, *values)):
            raise BadRequest("a parameter that cannot be read")
        return view(request, *args, **kwargs)

    return looked_at
