"""What the pages of passkeys and one-time codes need to show."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.safestring import SafeString, mark_safe
from fido2.utils import websafe_encode

register = template.Library()


class _Encoder(DjangoJSONEncoder):
    def default(self, value: Any) -> Any:
        if isinstance(value, bytes):
            return websafe_encode(value)
        if isinstance(value, Mapping):
            return dict(value)
        return super().default(value)


@register.filter
def passkey_options(options: Any) -> str:
    """WebAuthn options as JSON for an attribute; the template escapes it."""
    return dumps(options, cls=_Encoder)


@register.filter
def drawing(svg: str) -> SafeString:
    """An SVG that our own code drew."""
    return mark_safe(svg)  # noqa: S308 - made by the adapter from a secret and an address, quoted by it
