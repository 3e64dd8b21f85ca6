"""Names of laboratory codes: the shipped table first, then the operator's own copy of LOINC.

This material contains content from LOINC (http://loinc.org); see NOTICE.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from steadwell.terminology.labcodes import lab_code


@dataclass(frozen=True, slots=True, kw_only=True)
class LoincName:
    """``unit`` is UCUM: the expected one where the code is ours, else LOINC's example. ``release`` is empty
    where the shipped table answered.
    """

    loinc: str
    name: str
    short: str
    unit: str
    release: str


def find_names(loincs: Iterable[str]) -> dict[str, LoincName]:
    """What is known of each code, in at most one query; codes that nobody knows are left out."""
    wanted = {loinc.strip() for loinc in loincs if loinc.strip()}
    found = {
        code.loinc: LoincName(
            loinc=code.loinc, name=code.display, short=code.short, unit=code.unit, release=""
        )
        for code in map(lab_code, wanted)
        if code is not None
    }
    missing = wanted - found.keys()
    return found | _loaded(missing) if missing else found


def _loaded(loincs: set[str]) -> dict[str, LoincName]:
    from steadwell.terminology.models import LoincTerm  # the service is imported without Django, too

    rows = LoincTerm.objects.filter(release__current=True, code__in=loincs).values_list(
        "code", "name", "short", "unit", "release__name"
    )
    return {
        code: LoincName(loinc=code, name=name, short=short or name, unit=unit, release=release)
        for code, name, short, unit, release in rows
    }
