"""What may leave a process as a log line, a span or a metric: ids, codes and counts under known names.

Names, birth dates, addresses, record numbers, measured values and free text never do. So the rule is an
allow-list: a key must be known, and its value must have the shape its key promises. Whatever else arrives is
dropped and only its key is told, so that the author of the line notices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Final
from uuid import UUID

Plain = str | int | float | bool

# Codes: what a programmer wrote, such as a queue or a refusal's code. Never what a person typed.
CODE_KEYS: Final = frozenset(
    {
        "action", "app", "by", "capability", "category", "channel", "check", "circuit", "cause",
        "code", "command", "consumer", "destination", "dialect", "entity", "error", "event_name",
        "from_status", "format", "host_name", "kind", "language", "level", "lock", "logger",
        "method", "migration", "mode", "operation", "outcome", "owner", "phase", "port", "process",
        "provider", "queue", "reason_code", "role", "route", "scope", "service", "setting",
        "sha256", "signal", "source", "state", "status", "step", "table", "task", "template",
        "to_status", "traceparent", "transport", "unit", "variable", "version", "worker", "zone",
    }
)  # fmt: skip
# Identifiers: UUIDs or long hexadecimal, whole or in a list. A clinic's record number is neither.
ID_KEYS: Final = frozenset({"about", "actor", "id", "ids", "key_id", "slot", "subject"})
ID_SUFFIXES: Final = ("_id", "_ids")
# Plain numbers about the machinery. A measured value has no key here.
NUMBER_KEYS: Final = frozenset(
    {
        "age", "attempt", "attempts", "batch", "bytes", "capacity", "count", "days", "deliveries",
        "depth", "done", "due", "expired", "failed", "handed_over", "interval", "late", "limit",
        "line", "ms", "number_of_rows", "pages", "pid", "places", "quarantined", "rows", "seconds",
        "sent", "sequence", "sql", "sql_ms", "statements", "threads", "tries", "updated",
    }
)  # fmt: skip
NUMBER_SUFFIXES: Final = ("_count", "_ms", "_seconds", "_bytes", "_rows")
INSTANT_SUFFIX: Final = "_at"

EVENT_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_CODE: Final = re.compile(r"[A-Za-z0-9_/][A-Za-z0-9_.:/<>*+-]{0,119}")
_OPAQUE: Final = re.compile(r"[0-9a-f]{16,64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _Refused(Exception):
    pass


def admit(fields: Mapping[str, object]) -> tuple[dict[str, Plain], list[str]]:
    """The fields that may leave, in plain types, and the keys of those that were refused."""
    admitted: dict[str, Plain] = {}
    refused: list[str] = []
    for key, value in fields.items():
        if value is None:
            continue
        try:
            admitted[key] = _admit_one(key, value)
        except _Refused:
            refused.append(key if _CODE.fullmatch(key) else "?")
    return admitted, refused


def is_code(value: object) -> bool:
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def _admit_one(key: str, value: object) -> Plain:
    if key in NUMBER_KEYS or key.endswith(NUMBER_SUFFIXES):
        return _number(value)
    if key.endswith(ID_SUFFIXES) or key in ID_KEYS:
        return _opaque(value)
    if key.endswith(INSTANT_SUFFIX) and isinstance(value, datetime):
        return value.isoformat()
    if key in CODE_KEYS:
        return _code(value)
    raise _Refused


def _number(value: object) -> Plain:
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, timedelta):
        return round(value.total_seconds(), 3)
    raise _Refused


def _opaque(value: object) -> str:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str):
        if _OPAQUE.fullmatch(value):
            return value
        raise _Refused
    if isinstance(value, Iterable):
        return ",".join(_opaque(each) for each in value)
    raise _Refused


def _code(value: object) -> Plain:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool | int):
        return value
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, str) and _CODE.fullmatch(value):
        return value
    raise _Refused
