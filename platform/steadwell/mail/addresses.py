"""Addresses as a mail server takes them: international domains in their ASCII form (IDNA 2008, RFC 5891)."""

from __future__ import annotations

from email.headerregistry import Address
from email.utils import parseaddr

import idna
from django.conf import settings


class Unwritable(Exception):
    """No mail server anywhere can take this address."""


def on_the_wire(address: str) -> Address:
    """The domain in ASCII; the part before the @ as it is: beyond ASCII only a server with SMTPUTF8 takes it.

    UTS 46 without the transitional rules: ``faß.example`` and ``fass.example`` belong to different people.
    """
    local, _, domain = address.rpartition("@")
    try:
        domain = idna.encode(domain, uts46=True).decode() if not domain.isascii() else domain
        return Address(username=local, domain=domain)
    except (idna.IDNAError, ValueError) as error:  # ValueError: Address refuses what no header may hold
        raise Unwritable from error


def is_plain(address: str) -> bool:
    """Whether every mail server takes the part before the @."""
    return address.rpartition("@")[0].isascii()


def domain_of_ours() -> str:
    """For the Message-ID."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
