"""The addresses that apps are told: all from the public one, whatever host a request was sent to."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse


def fhir_base() -> str:
    """The FHIR endpoint, without a slash at its end: what ``aud`` and ``iss`` of a launch have to be."""
    return settings.FHIR_BASE_URL or f"{settings.PUBLIC_URL}/fhir"


def issuer() -> str:
    return f"{settings.PUBLIC_URL}/oauth"


def absolute(name: str) -> str:
    return settings.PUBLIC_URL + reverse(name)


def is_fhir_base(text: str) -> bool:
    return text.rstrip("/") == fhir_base()
