"""Logs without patient data: one line per fact, ``key=value`` for people or JSON for machines, on standard
error.

Our own lines pass ``policy.admit``. Lines of libraries keep who said it, where, and the constant text before
its values were put in; the values, and the words of every exception, stay behind: both quote what people
typed.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import orjson
import structlog

from steadwell.observability import policy, tracing

Fields = MutableMapping[str, Any]

_FRAMES: Final = 8
# Put there by this module, already fit to leave.
_OWN: Final = ("request_id", "error", "frames")


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger for ``log.info("slot.claimed", slot_id=slot_id)``: past tense, ids, codes and counts only."""
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger(said_by=name))


def configure(*, style: str, level: str) -> None:
    """Once per process. ``style`` is ``json`` or ``keyvalue``."""
    global _render
    _render = _json if style == "json" else _keyvalue
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _name_failure,
            _admit_only_known,
            lambda _, __, fields: _render(fields),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=_StandardError,
        cache_logger_on_first_use=True,
    )


def write(event: str, *, logger: str, fields: Mapping[str, policy.Plain]) -> None:
    """One line whose fields the caller vouches for; for lines so frequent that checking them shows."""
    line: dict[str, Any] = {"at": _now(), "level": "info", "event": event, "logger": logger, **fields}
    if trace_id := tracing.current_trace_id():
        line["trace_id"] = trace_id
    sys.stderr.write(_render(line) + "\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")  # noqa: TID251 - when the line was written


def current_request_id() -> str:
    """The id of the request that is being answered, or an empty text."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Add fields, such as a request's id, to every line written inside."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


class _StandardError:
    """Writes to the standard error of now, not of import time, in one call so that lines of threads never
    mix.
    """

    def __init__(self, *_: object) -> None:
        pass

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    log = debug = info = warning = warn = error = critical = exception = fatal = failure = msg


def describe_exception(error: BaseException) -> dict[str, str]:
    """Its class, those of its causes, and where it rose: file, line and function. No words, no locals."""
    names: list[str] = []
    frames: list[str] = []
    current: BaseException | None = error
    while current is not None and len(names) < 5:
        names.append(f"{type(current).__module__}.{type(current).__qualname__}")
        code = getattr(current, "sqlstate", None)
        if policy.is_code(code):
            names[-1] += f":{code}"
        if not frames:
            frames = [_frame(entry) for entry in traceback.extract_tb(current.__traceback__)[-_FRAMES:]]
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return {"error": "<-".join(names), "frames": "|".join(frames)}


def _frame(entry: traceback.FrameSummary) -> str:
    return f"{'/'.join(Path(entry.filename).parts[-3:])}:{entry.lineno}:{entry.name}"


def _name_failure(_: Any, __: str, fields: Fields) -> Fields:
    given = fields.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else given
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, BaseException):
        fields.update(describe_exception(error))
    return fields


def _admit_only_known(_: Any, __: str, fields: Fields) -> Fields:
    line: dict[str, Any] = {"at": _now()}
    line["level"] = fields.pop("level")
    event = fields.pop("event", "")
    known = isinstance(event, str) and policy.EVENT_NAME.fullmatch(event)
    line["event"] = event if known else "log.event_name_refused"
    line["logger"] = fields.pop("said_by", "")
    for key in _OWN:
        if key in fields:
            line[key] = fields.pop(key)
    admitted, refused = policy.admit(fields)
    line.update(admitted)
    if refused:
        line["refused_keys"] = ",".join(sorted(refused))
    if trace_id := tracing.current_trace_id():
        line["trace_id"] = trace_id
    return line


def _json(fields: Mapping[str, Any]) -> str:
    return orjson.dumps(fields, default=str).decode()


def _keyvalue(fields: Mapping[str, Any]) -> str:
    return " ".join([f"{key}={value}" for key, value in fields.items() if value != ""])


_render: Callable[[Mapping[str, Any]], str] = _keyvalue


class RecordFormatter(logging.Formatter):
    """For what libraries say through the standard library's logging. See the module's words on why so little
    stays.
    """

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": "library.logged",
            "logger": record.name,
            "where": f"{record.module}:{record.lineno}",
        }
        if text := _constant_text(record):
            fields["text"] = text
        if record.exc_info and record.exc_info[1]:
            fields.update(describe_exception(record.exc_info[1]))
        if trace_id := tracing.current_trace_id():
            fields["trace_id"] = trace_id
        return _render(fields)


def _constant_text(record: logging.LogRecord) -> str:
    """The template with numbers and UUIDs put in and all else as ``*``; nothing when there was no template.

    A message without arguments may have been put together from values before it came here.
    """
    if not isinstance(record.msg, str) or not record.args:
        return ""
    try:
        if isinstance(record.args, tuple):
            text = record.msg % tuple(_plain(each) for each in record.args)
        else:
            text = record.msg % {key: _plain(value) for key, value in record.args.items()}
    except (TypeError, ValueError, KeyError):
        text = record.msg
    return "_".join(text.split())


def _plain(value: object) -> object:
    return value if isinstance(value, bool | int | float | UUID) else "*"
