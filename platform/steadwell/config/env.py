"""The one typed reader of the environment: it names what is missing, and reads ``NAME_FILE`` for secrets."""

from __future__ import annotations

import os
from pathlib import Path


class Misconfigured(Exception):
    """A setting is missing or unsafe. The message names the variable and what to do."""


def text(name: str, default: str | None = None) -> str:
    """The variable's text, or that of the file which ``NAME_FILE`` names, or the default."""
    file = os.environ.get(f"{name}_FILE")
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            why = f"{name}_FILE names {file}, which cannot be read: {error.strerror}."
            raise Misconfigured(why) from error
    value = os.environ.get(name)
    if value:
        return value
    if default is None:
        raise Misconfigured(f"{name} is not set. Set it, or set {name}_FILE to a file that holds it.")
    return default


def number(name: str, default: int) -> int:
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError as error:
        raise Misconfigured(f"{name} must be a whole number, not {value!r}.") from error


def flag(name: str, default: bool = False) -> bool:
    value = text(name, "1" if default else "0").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise Misconfigured(f"{name} must be 1 or 0, not {value!r}.")


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, blanks dropped."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def choice(name: str, allowed: tuple[str, ...]) -> str:
    """One of a few words; the first is the default."""
    value = text(name, allowed[0])
    if value not in allowed:
        raise Misconfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def ratio(name: str, default: float) -> float:
    """A number from 0 to 1."""
    value = text(name, str(default))
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise Misconfigured(f"{name} must be a number from 0 to 1, not {value!r}.")
    return share
