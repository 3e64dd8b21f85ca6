"""Loads the operator's own Loinc.csv: read as a stream, checked row by row, switched to in one step.

The file comes with LOINC's download (loinc.org, free of charge, under its licence). A faulty file changes
nothing: the release in use stays.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO

from django.db import connection, transaction

from steadwell.actor import system
from steadwell.audit import service as audit
from steadwell.errors import Invalid
from steadwell.terminology.labcodes import is_loinc
from steadwell.terminology.models import LoincRelease, LoincTerm

# LOINC's columns in the order of ours, and how much of each is kept. The unit is missing in the file's short
# form (LoincTableCore.csv).
NEEDED = (
    ("LONG_COMMON_NAME", 300), ("SHORTNAME", 100), ("PROPERTY", 30), ("SCALE_TYP", 30),
    ("CLASS", 60), ("STATUS", 20),
)  # fmt: skip
UNIT = "EXAMPLE_UCUM_UNITS"
LABORATORY = "1"  # of CLASSTYPE; the others are clinical notes, claims and surveys
KEPT = 2  # releases: the one in use and the one before

_COPY = (
    "COPY terminology_loincterm"
    ' (release_id, code, name, short, property, scale, "group", status, unit) FROM STDIN'
)


class FileRefused(Invalid):
    """The file is not a Loinc.csv that can be used; the text says where and why."""

    code = "loinc-file-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    release: str
    terms: int
    again: bool  # the same file was in use already


def load(*, path: Path, now: datetime, release: str = "") -> Loaded:
    """Load a file and use it from then on. The release's name is the highest version named in it, if none is
    given. Raises FileRefused.
    """
    sha256 = _digest(path)
    with transaction.atomic(durable=True):
        _one_at_a_time()
        same = LoincRelease.objects.filter(sha256=sha256, current=True).first()
        if same is not None and release in {"", same.name}:
            return Loaded(release=same.name, terms=same.terms, again=True)
        made = LoincRelease.objects.create(name=release or "?", sha256=sha256, loaded_at=now)
        newest = _copy(path, made.pk)
        made.name = release or newest
        made.terms = LoincTerm.objects.filter(release=made).count()
        if not made.name or not made.terms:
            raise FileRefused(
                "No laboratory code is in it." if not made.terms else "Name the release with --release."
            )
        _switch_to(made)
        audit.record(
            actor=system("loinc.load"), action="terminology.load-loinc", category="terminology", now=now,
            detail={"release": made.name, "codes": str(made.terms)},
        )  # fmt: skip
    return Loaded(release=made.name, terms=made.terms, again=False)


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('terminology|loinc'))")


def _switch_to(made: LoincRelease) -> None:
    LoincRelease.objects.filter(current=True).update(current=False)
    made.current = True
    made.save(update_fields=["name", "terms", "current"])
    kept = LoincRelease.objects.order_by("-loaded_at", "-pk").values_list("pk", flat=True)[:KEPT]
    gone = LoincRelease.objects.exclude(pk__in=[*kept])
    LoincTerm.objects.filter(release__in=gone).delete()
    gone.delete()


def _copy(path: Path, release_id: int) -> str:
    """Write the terms; returns the highest version that a row names."""
    newest = Decimal(0)
    seen: set[str] = set()
    try:
        with (
            path.open(encoding="utf-8-sig", newline="") as file,
            connection.cursor() as cursor,
            cursor.copy(_COPY) as copy,
        ):
            for line, row in _laboratory_rows(file):
                copy.write_row((release_id, *_term(line, row, seen)))
                newest = max(newest, _version(row))
    except UnicodeDecodeError as error:
        raise FileRefused("It is not UTF-8 text.") from error
    except csv.Error as error:
        raise FileRefused(f"It is not a table of comma separated values: {error}.") from error
    return f"{newest:f}" if newest else ""


def _laboratory_rows(file: TextIO) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.DictReader(file, strict=True)
    missing = {"LOINC_NUM", "CLASSTYPE", *(name for name, _ in NEEDED)} - {*(reader.fieldnames or ())}
    if missing:
        raise FileRefused(f"It has no column {', '.join(sorted(missing))}.")
    for row in reader:
        if row["CLASSTYPE"] == LABORATORY:
            yield reader.line_num, row


def _term(line: int, row: Mapping[str, str], seen: set[str]) -> Iterable[str]:
    code = (row["LOINC_NUM"] or "").strip()
    if not is_loinc(code):
        raise FileRefused(f"Line {line}: {code[:20]!r} is no LOINC code.")
    if code in seen:
        raise FileRefused(f"Line {line}: {code} comes twice.")
    seen.add(code)
    yield code
    for column, most in NEEDED:
        text = (row[column] or "").strip()
        if "\0" in text or (column in {"LONG_COMMON_NAME", "STATUS"} and not text):
            raise FileRefused(f"Line {line}: {column} cannot be used.")
        yield text if len(text) <= most else text[: most - 1] + "…"
    yield (row.get(UNIT) or "").partition(";")[0].strip()[:80]


def _version(row: Mapping[str, str]) -> Decimal:
    try:
        found = Decimal((row.get("VersionLastChanged") or "0").strip())
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileRefused(f"It cannot be read: {error.strerror}.") from error
