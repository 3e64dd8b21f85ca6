"""Handing an e-mail to the mail server. Knows nothing of patients, templates or the ledger."""

from __future__ import annotations

from steadwell.mail.addresses import domain_of_ours, is_plain
from steadwell.mail.breaker import breaker_of
from steadwell.mail.smtp import InDoubt, NotTaken, Server, hand_over

__all__ = [
    "InDoubt",
    "NotTaken",
    "Server",
    "breaker_of",
    "domain_of_ours",
    "hand_over",
    "is_plain",
]
