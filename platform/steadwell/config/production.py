"""What production refuses to start with. Each refusal names the variable and says what to do.

Functions of values, so that the tests can ask each one; ``settings/prod.py`` asks them all at start-up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from steadwell.config.env import Misconfigured

SHORTEST_KEY: Final = 50
SHORTEST_PASSWORD: Final = 16

# What examples, older defaults and tired people write. A real secret holds none of them.
_WELL_KNOWN: Final = re.compile(
    r"change.?me|changeit|password|passw0rd|secret|insecure|default|example|placeholder|development|test-key"
    r"|letmein|qwerty|12345678|steadwell|postgres|admin|replace.?(this|me)|your.?key",
    re.IGNORECASE,
)
_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - what is refused


def secret(name: str, value: str, *, shortest: int) -> str:
    """A secret that somebody made for this installation: long, not well known, not one sign over and over."""
    if len(value) < shortest:
        raise Misconfigured(f"{name} is too short: use at least {shortest} random characters.")
    if _WELL_KNOWN.search(value):
        raise Misconfigured(f"{name} holds a well-known word, as defaults do: use random characters.")
    if len(set(value)) < 8:
        raise Misconfigured(f"{name} repeats a few characters: use random ones.")
    return value


def signing_key(name: str, pem: str) -> str:
    """An RSA private key of 2048 bits or more, as PEM: other systems check our identity tokens by it."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise Misconfigured(f"{name} has to hold an RSA private key (PEM), without a password.") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < 2048:
        raise Misconfigured(f"{name} has to be an RSA key of at least 2048 bits.")
    return pem


def switched_off(name: str, value: bool, why: str) -> None:
    if value:
        raise Misconfigured(f"{name} is on. Production does not start with it, for {why}: unset {name}.")


def hosts(name: str, names: list[str]) -> list[str]:
    """The host names we answer to, each of them named."""
    if not names:
        raise Misconfigured(
            f"{name} is empty: list the host names that patients use, such as visits.clinic.org."
        )
    for each in names:
        if "*" in each or each == ".":
            raise Misconfigured(
                f"{name} must name each host: {each!r} lets anybody's host name into our links."
            )
    return names


def database_url(name: str, url: str, *, password: str, role: str) -> str:
    """The database's address with its password, in the role that works and not in the one that owns.

    ``password`` is that of ``DATABASE_PASSWORD``, for addresses that hold none. An owner could drop the
    triggers that keep the audit trail and the history; only the migration job may be it (``role`` empty).
    """
    parts = urlsplit(url)
    socket = dict(parse_qsl(parts.query)).get("host", "").startswith("/")
    if parts.scheme not in {"postgres", "postgresql"} or not (parts.hostname or socket):
        raise Misconfigured(f"{name} must look like postgresql://role@host:5432/database.")
    user = unquote(parts.username or "")
    if role and user != role:
        raise Misconfigured(f"{name} signs in as {user!r}; all but the migration work as {role!r}.")
    if not parts.hostname:
        return url  # a unix socket: the server knows who asks by the process' user
    holder, given = (name, unquote(parts.password)) if parts.password else ("DATABASE_PASSWORD", password)
    if not given:
        raise Misconfigured(f"DATABASE_PASSWORD is not set, and {name} holds no password either.")
    secret(holder, given, shortest=SHORTEST_PASSWORD)
    where = f"{parts.hostname}:{parts.port or 5432}"
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(given, safe='')}@{where}"))


def broker_url(name: str, url: str, *, password: str) -> str:
    """Valkey's address with its password. A unix socket is guarded by its folder instead."""
    parts = urlsplit(url)
    if parts.scheme in {"redis+socket", "unix"}:
        return url
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        raise Misconfigured(f"{name} must look like redis://host:6379/0 or rediss://host:6379/0.")
    secret_name, given = (name, unquote(parts.password)) if parts.password else ("REDIS_PASSWORD", password)
    if not given:
        raise Misconfigured(f"REDIS_PASSWORD is not set, and {name} holds no password either.")
    secret(secret_name, given, shortest=SHORTEST_PASSWORD)
    user, where = quote(unquote(parts.username or ""), safe=""), f"{parts.hostname}:{parts.port or 6379}"
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(given, safe='')}@{where}"))


def public_url(name: str, url: str, *, allowed: Iterable[str]) -> str:
    """The address in links that we send: https, and a host that we answer to."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise Misconfigured(f"{name} must be the address patients use, and start with https://.")
    if not any(_covers(pattern, parts.hostname) for pattern in allowed):
        raise Misconfigured(f"{name} names the host {parts.hostname}, which ALLOWED_HOSTS does not list.")
    return url.rstrip("/")


def _covers(pattern: str, host: str) -> bool:
    return host == pattern or (pattern.startswith(".") and host.endswith(pattern))


def mail_host(name: str, host: str) -> str:
    """The SMTP server. Without it, confirmations and reminders would wait for ever."""
    if not host:
        raise Misconfigured(f"{name} is not set: confirmations and reminders leave through an SMTP server.")
    return host


def sender(name: str, address: str) -> str:
    if not re.fullmatch(r"(?:[^<>]+ <)?[^<>@\s]+@[^<>@\s]+\.[^<>@\s]+>?", address):
        raise Misconfigured(f"{name} must be the address that mail comes from, such as visits@clinic.org.")
    return address
