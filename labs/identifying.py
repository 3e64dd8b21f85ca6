"""Which report a message is about, and whether the same was said before. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson

from labs.types import IncomingObservation, IncomingReport

_LONGEST = 400
_KEY = 250


def identity_of(report: IncomingReport) -> str:
    """What stays the same over the versions of a report, within its sender.

    The laboratory's own number (filler) with the report's code; without it the order's (placer). Without
    either, the patient, the code and the moment of collection; a message that has none of them is its own.
    """
    code = code_of(report)
    if report.filler_number:
        parts: tuple[str, ...] = ("F", report.filler_number, code)
    elif report.placer_number:
        parts = ("P", report.placer_number, code)
    else:
        return unnumbered(report) or within("|".join(("M", digest_of(report))), _LONGEST)
    return within("|".join(parts), _LONGEST)


def code_of(report: IncomingReport) -> str:
    """What a report is of, as far as its identity goes by it."""
    return report.code.code or report.code.text


def unnumbered(report: IncomingReport) -> str:
    """The identity that it has, or would have, without any number; empty where it says too little."""
    if report.patient is None or report.collected_at is None:
        return ""
    when = report.collected_at.isoformat()
    return within(
        "|".join(("N", report.patient.external_id, code_of(report), when, report.specimen)), _LONGEST
    )


def within(text: str, most: int) -> str:
    """An identifying text at most that long: the end of a longer one becomes its digest."""
    if len(text) <= most and "\x00" not in text:
        return text
    plain = clean(text)
    return plain if len(plain) <= most else plain[: most - 33] + "#" + _hex(plain.encode())[:32]


def fit(text: str, most: int) -> str:
    """A describing text at most that long."""
    if len(text) <= most and "\x00" not in text:
        return text
    plain = clean(text)
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def clean(text: str) -> str:
    """Postgres keeps no NUL; a visible sign says that one was there."""
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def digest_of(report: IncomingReport) -> str:
    """Of everything that was said, but not of the message that carried it."""
    said = _plain(report, without={"message_id", "attachments", "site_id", "person_id"})
    return _digest(said, *(each.content for each in report.attachments))


def digest_of_reading(version_digest: str, word: Mapping[str, Any]) -> str:
    """Of a version that reads one observation of another version anew."""
    return _digest([version_digest, word["key"], word["value_text"], word["unit_text"], word["range_text"]])


def digest_of_withdrawal(version_digest: str, at: datetime) -> str:
    """Of a version by which the clinic takes back another."""
    return _digest([version_digest, "withdrawn", at])


def heading_digest(report: IncomingReport) -> str:
    """Of what is said about the report itself."""
    return _digest(
        [
            report.code, report.performer, report.specimen, report.collected_at, list(report.notes),
            report.ordered_by, report.placer_number,
        ]
    )  # fmt: skip


def observation_digest(columns: Mapping[str, Any]) -> str:
    """Of what a reader sees of an observation: equal digests mean that nothing was corrected."""
    return _digest([columns[name] for name in SEEN])


# As sent, not as read: a synonym learnt meanwhile is no correction by the laboratory.
SEEN = (
    "code", "value_text", "value_code", "unit_text", "range_text", "flag_sent", "effective_at", "notes",
)  # fmt: skip


def keyed(observations: Iterable[IncomingObservation]) -> list[tuple[str, IncomingObservation]]:
    """Each observation under its key; a key that comes twice in one message gets its turn's number."""
    found: dict[str, IncomingObservation] = {}
    for observation in observations:
        key, turn = key_of(observation.key or observation.code.code), 2
        unique = key
        while unique in found:
            unique, turn = f"{key}#{turn}", turn + 1
        found[unique] = observation
    return list(found.items())


def key_of(text: str) -> str:
    """As a report keeps the key of an observation, with room for the number of its turn."""
    return within(text, _KEY - 8)


def _plain(value: Any, *, without: set[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__ if name not in without}


def _digest(value: Any, *contents: bytes) -> str:
    raw = orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    return _hex(raw, *contents)


def _hex(*parts: bytes) -> str:
    digest = hashlib.blake2b(digest_size=32)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
