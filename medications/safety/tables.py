"""Reads the tables of a rule pack.

A pack is a folder of tab-separated tables, UTF-8, the first line naming the columns:

- ``pack.tsv`` (key, value): name, version, format, issued, expires, publisher;
- ``sources.tsv`` (source, citation): what the rules cite;
- ``classes.tsv`` (class, en, es, members, local, open, source): members are ingredients in RxNorm's words,
  set apart by ``; ``. A later pack adds members to a class of an earlier one that is ``open``;
- ``synonyms.tsv`` (name, ingredient): other names of ingredients;
- ``brands.tsv`` (brand, ingredients): names under which they are sold, for drugs that terminology does not
  know: an alert must not depend on which release of RxNorm an operator loaded;
- ``interactions.tsv`` (rule, group, left, right, severity, en, es, do_en, do_es, source, dated);
- ``duplicates.tsv`` (rule, class, severity, en, es, source, dated): ``*`` is the rule about one ingredient;
- ``allowed.tsv`` (left, right, why, source);
- ``allergies.tsv`` (rule, allergen, drug, severity, en, es, do_en, do_es, source, dated);
- ``limits.tsv`` (rule, drug, limit, value, from_age, to_age, routes, severity, en, es, do_en, do_es, source,
  dated).

``left``, ``right``, ``allergen`` and ``drug`` are ingredients or ``@class``, set apart by ``; ``. Only
``pack.tsv`` and ``sources.tsv`` must be there. ``signature.tsv`` is checked by ``signing``; ``building``
makes rules of the rows.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

from medications.safety.errors import PackMalformed
from medications.safety.types import PackStamp

FORMAT = "1"
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "pack.tsv": ("key", "value"),
        "sources.tsv": ("source", "citation"),
        "classes.tsv": ("class", "en", "es", "members", "local", "open", "source"),
        "synonyms.tsv": ("name", "ingredient"),
        "brands.tsv": ("brand", "ingredients"),
        "interactions.tsv": (
            *("rule", "group", "left", "right", "severity"),
            *("en", "es", "do_en", "do_es", "source", "dated"),
        ),
        "duplicates.tsv": ("rule", "class", "severity", "en", "es", "source", "dated"),
        "allowed.tsv": ("left", "right", "why", "source"),
        "allergies.tsv": (
            *("rule", "allergen", "drug", "severity"),
            *("en", "es", "do_en", "do_es", "source", "dated"),
        ),
        "limits.tsv": (
            *("rule", "drug", "limit", "value", "from_age", "to_age", "routes", "severity"),
            *("en", "es", "do_en", "do_es", "source", "dated"),
        ),
    }
)
_NEEDED = ("pack.tsv", "sources.tsv")
Row = Mapping[str, str]


def rows_of(folder: Path, file: str) -> list[Row]:
    """The rows of one table; none where it is not there. Raises PackMalformed with file and line."""
    path = folder / file
    if not path.exists():
        if file in _NEEDED:
            raise PackMalformed(f"{path} is missing.")
        return []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PackMalformed(f"{path} cannot be read: {error}") from error
    lines = list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    wanted = list(COLUMNS[file])
    if not lines or lines[0] != wanted:
        raise PackMalformed(f"{path}: the first line must name the columns {', '.join(wanted)}.")
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(wanted):
            raise PackMalformed(f"{path}:{number}: {len(line)} columns where {len(wanted)} belong.")
    return [dict(zip(wanted, (each.strip() for each in line), strict=True)) for line in lines[1:]]


def stamp_of(folder: Path) -> PackStamp:
    said = {row["key"]: row["value"] for row in rows_of(folder, "pack.tsv")}
    try:
        if said["format"] != FORMAT:
            raise PackMalformed(f"{folder} has format {said['format']}, and this release reads {FORMAT}.")
        return PackStamp(
            name=said["name"],
            version=said["version"],
            issued_on=date.fromisoformat(said["issued"]),
            expires_on=date.fromisoformat(said["expires"]),
            publisher=said["publisher"],
        )
    except KeyError as missing:
        raise PackMalformed(f"{folder / 'pack.tsv'} does not say {missing}.") from missing
    except ValueError as wrong:
        raise PackMalformed(f"{folder / 'pack.tsv'}: {wrong}") from wrong
