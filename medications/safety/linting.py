"""Looks a rule pack through before it is signed: everything that is wrong, not only the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from medications.safety import packs, tables
from medications.safety.building import build
from medications.safety.errors import PackForged, PackMalformed, PackUnusable
from medications.safety.pack import PairRule, Rules
from medications.safety.signing import keys_in, verify

_RULES = ("interactions.tsv", "duplicates.tsv", "allergies.tsv", "limits.tsv")
# The groups of the ONC list (Phansalkar 2012); 8 is the QT one, which the operator fills.
ONC_GROUPS = frozenset(str(number) for number in range(1, 16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``is_error``: the pack cannot be used so; else it is worth a look."""

    where: str
    what: str
    is_error: bool = True


def lint(folder: Path, *, on: date) -> list[Fault]:
    """Every fault of a pack, alone or beside the shipped one (whose classes it may name)."""
    if not (folder / "pack.tsv").exists():
        return [Fault(where=str(folder), what="This is no pack: pack.tsv is missing.")]
    faults = list(_tables(folder))
    if any(fault.is_error for fault in faults):
        return faults
    try:
        stamp = tables.stamp_of(folder)
        rules = build([*_beside(folder, stamp.name), folder])
    except PackUnusable as wrong:
        return [*faults, Fault(where=str(folder), what=wrong.detail)]
    faults += _dates(folder, on)
    faults += _rules(rules, stamp.name)
    faults += _signature(folder)
    return faults


def missing_groups(rules: Rules) -> list[str]:
    """Groups of the ONC list without a rule."""
    have = {rule.group for rule in rules.interactions}
    return sorted(ONC_GROUPS - have, key=int)


def _beside(folder: Path, name: str) -> list[Path]:
    return [
        path
        for path in packs.shipped()
        if path.resolve() != folder.resolve() and tables.stamp_of(path).name != name
    ]


def _tables(folder: Path) -> Iterator[Fault]:
    rules: dict[str, str] = {}
    for path in sorted(folder.glob("*.tsv")):
        if path.name not in tables.COLUMNS and path.name != "signature.tsv":
            yield Fault(where=path.name, what="is no table of a pack.")
    for file in tables.COLUMNS:
        try:
            rows = tables.rows_of(folder, file)
        except PackMalformed as wrong:
            yield Fault(where=file, what=wrong.detail)
            continue
        for row in rows if file in _RULES else ():
            if row["rule"] in rules:
                yield Fault(
                    where=f"{file}: {row['rule']}", what=f"is a rule of {rules[row['rule']]} already."
                )
            rules[row["rule"]] = file
            yield from _row(file, row)


def _row(file: str, row: tables.Row) -> Iterator[Fault]:
    where = f"{file}: {row['rule']}"
    if not row["en"]:
        yield Fault(where=where, what="says nothing in English.")
    if not row["es"]:
        yield Fault(where=where, what="says nothing in Spanish.", is_error=False)
    if "do_en" in row and not row["do_en"]:
        yield Fault(where=where, what="says not what to do.", is_error=False)


def _dates(folder: Path, on: date) -> Iterator[Fault]:
    stamp = tables.stamp_of(folder)
    if stamp.expires_on <= stamp.issued_on:
        yield Fault(where="pack.tsv", what="expires before it was issued.")
    elif stamp.expires_on <= on:
        yield Fault(where="pack.tsv", what=f"expired on {stamp.expires_on}.")
    elif (stamp.expires_on - on).days < packs.SOON_DAYS:
        yield Fault(where="pack.tsv", what=f"expires on {stamp.expires_on}: soon.", is_error=False)


def _rules(rules: Rules, name: str) -> Iterator[Fault]:
    for rule in rules.interactions:
        if rule.stamp.name == name and rule.empty:
            yield Fault(where=rule.id, what=f"The class {rule.empty} is empty.", is_error=False)
    cited = {each.name for each in rules.classes.values() if not each.source}
    for found in sorted(cited):
        yield Fault(where=f"classes.tsv: {found}", what="names no source.", is_error=False)
    for found in _unused(rules):
        yield Fault(where=f"classes.tsv: {found}", what="No rule uses it.", is_error=False)
    if missing := missing_groups(rules):
        yield Fault(where="interactions.tsv", what=f"ONC groups without a rule: {', '.join(missing)}.")


def _unused(rules: Rules) -> list[str]:
    pairs: tuple[PairRule, ...] = (*rules.interactions, *rules.allergies)
    sides = [side for rule in pairs for side in (rule.left, rule.right)]
    sides += [rule.members or frozenset() for rule in rules.duplicates]
    sides += [rule.members for rule in rules.limits]
    return sorted(
        each.name
        for each in rules.classes.values()
        if each.members and not any(each.members <= side for side in sides)
    )


def _signature(folder: Path) -> Iterator[Fault]:
    try:
        verify(folder, keys_in(packs.key_folders()))
    except PackForged as wrong:
        yield Fault(where="signature.tsv", what=wrong.detail)
