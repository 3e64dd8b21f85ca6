"""Who carries messages outside, read from the environment.

``NOTIFICATION_PROVIDERS`` lists codes; for each CODE (in capitals, ``-`` as ``_``) there are
``PROVIDER_CODE_CHANNEL`` (email, sms, push), ``_KIND`` (smtp, mail-http, sms-form, web-push), ``_URL``,
``_SECRET`` and what else ``_one`` reads. Secrets may stand in files (``..._SECRET_FILE``). The URL of a
web-push provider is a push service of the operator's own, which devices may name beside PUSH_SERVICES.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from steadwell.config import env
from steadwell.config.env import Misconfigured
from steadwell.config.production import SHORTEST_PASSWORD, secret

KINDS: Final = {"smtp": "email", "mail-http": "email", "sms-form": "sms", "web-push": "push"}
# Dialects of mail-http whose reports are signed over their body. Others' reports are not taken.
SIGNED_REPORTS: Final = frozenset({"mailersend", "mailtrap", "resend"})
_NEEDS: Final = {
    "smtp": ("URL",),
    "mail-http": ("URL", "SECRET", "DIALECT"),
    "sms-form": ("URL", "USER", "SECRET", "FROM"),
    "web-push": ("SECRET", "FROM"),
}


def read(codes: Sequence[str]) -> list[dict[str, Any]]:
    """As ``notifications`` takes them. Names the variable that is missing."""
    if len(set(codes)) != len(codes):
        raise Misconfigured("NOTIFICATION_PROVIDERS names one twice.")
    return [_one(code) for code in codes]


def _one(code: str) -> dict[str, Any]:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", code):
        raise Misconfigured(f"NOTIFICATION_PROVIDERS: {code!r} must be small letters, digits and hyphens.")
    start = f"PROVIDER_{code.upper().replace('-', '_')}"
    kind = env.text(f"{start}_KIND")
    if kind not in KINDS:
        raise Misconfigured(f"{start}_KIND must be one of {', '.join(KINDS)}, not {kind!r}.")
    for name in _NEEDS[kind]:
        env.text(f"{start}_{name}")  # says which one is missing
    _check_reports(start, kind)
    return {
        "code": code,
        "channel": KINDS[kind],
        "kind": kind,
        "url": env.text(f"{start}_URL", "").rstrip("/"),
        "dialect": env.text(f"{start}_DIALECT", ""),
        "user": env.text(f"{start}_USER", ""),
        "secret": env.text(f"{start}_SECRET", ""),
        "sender": env.text(f"{start}_FROM", ""),
        "weight": env.number(f"{start}_WEIGHT", 50),
        "rate": env.number(f"{start}_RATE", 50),
        "concurrency": env.number(f"{start}_CONCURRENCY", 8),
        "deadline": float(env.number(f"{start}_DEADLINE", 10)),
        "honours_keys": env.flag(f"{start}_HONOURS_KEYS"),
        "finds": env.flag(f"{start}_FINDS"),
        "report_secret": env.text(f"{start}_REPORT_SECRET", ""),
        "report_seconds": env.number(f"{start}_REPORT_SECONDS", 0),
    }


def _check_reports(start: str, kind: str) -> None:
    """Reports of e-mail are told apart from forged ones by a secret of the provider's."""
    given = env.text(f"{start}_REPORT_SECRET", "")
    if kind != "mail-http" or not given:
        return
    if env.text(f"{start}_DIALECT") not in SIGNED_REPORTS:
        raise Misconfigured(f"{start}_REPORT_SECRET: this dialect does not sign what it reports.")
    if env.text(f"{start}_DIALECT") != "resend":
        return
    try:
        if not given.startswith("whsec_"):
            raise ValueError
        base64.b64decode(given.removeprefix("whsec_"), validate=True)
    except ValueError as error:
        raise Misconfigured(
            f"{start}_REPORT_SECRET must be whsec_ and base64, as the provider shows it."
        ) from error


def safe(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For production: nothing leaves in the clear, and every report can be checked."""
    for each in found:
        start = f"PROVIDER_{each['code'].upper().replace('-', '_')}"
        if each["kind"] != "web-push" and urlsplit(each["url"]).scheme not in {"https", "smtp", "smtps"}:
            raise Misconfigured(f"{start}_URL must start with https://, smtp:// or smtps://.")
        if each["kind"] == "web-push" and each["url"] and urlsplit(each["url"]).scheme != "https":
            raise Misconfigured(f"{start}_URL must start with https://.")
        if each["report_seconds"] and not each["report_secret"]:
            raise Misconfigured(f"{start}_REPORT_SECONDS needs {start}_REPORT_SECRET to check reports with.")
        if each["report_secret"]:
            secret(f"{start}_REPORT_SECRET", each["report_secret"], shortest=SHORTEST_PASSWORD)
        for name, least, most in (("RATE", 1, 10_000), ("CONCURRENCY", 1, 100), ("DEADLINE", 1, 40)):
            if not least <= each[name.lower()] <= most:
                raise Misconfigured(f"{start}_{name} must be from {least} to {most}.")
        if each["kind"] == "web-push" and not each["sender"].startswith(("mailto:", "https://")):
            raise Misconfigured(
                f"{start}_FROM must be a mailto: or https: address that push services can ask."
            )
    return found
