"""Whether a unit fits a laboratory code.

A valid unit is no proof of meaning: ``K/uL`` is kelvin per microlitre. What proves it is that the value can
be brought to the unit that the code expects, by UCUM and by the analyte's own constants.
"""

from __future__ import annotations

from functools import lru_cache

from steadwell.terminology.labcodes import LabCode, lab_code
from steadwell.terminology.ucum.converting import convert
from steadwell.terminology.ucum.mapping import map_unit, validate_unit
from steadwell.terminology.ucum.types import Answer, Status

# Where everybody leaves the unit out, and nothing else can be meant: an INR of 2.5, a pH of 7.4.
_UNSAID = frozenset({"[pH]", "mg/mg", "g/g", "1"})


@lru_cache(maxsize=8192)
def check_unit(loinc: str, ucum: str) -> Answer:
    """The unit, when values in it can be brought to the one that the code expects; else why not.

    ``ucum`` is a UCUM code, or empty where none was sent: then the answer is the expected unit if nothing
    else can be meant, and a refusal if a number without a unit could be several things. Use the answer's unit
    from then on: it may say more than the one sent. ``code`` of the answer: ``no-code`` (not in our table),
    ``no-unit``, ``unexpected`` and ``resolved`` (both ok), or why the conversion is refused.
    """
    code = lab_code(loinc)
    if code is None:
        return Answer("", Status.UNKNOWN, f"LOINC {loinc[:20]} is not in our table.", "no-code")
    if not ucum:
        return _without_unit(code)
    if not code.unit:
        return _where_none_is_expected(code, ucum)
    known = validate_unit(ucum)
    if not known.ok:
        return known
    fits = convert("1", ucum, code.unit, loinc=code.loinc)
    if fits.ok:
        return Answer(known.answer, Status.OK)
    # What the code counts may say what an enzyme unit stands for: mU/L of thyrotropin is m[iU]/L.
    meant = map_unit(ucum, loinc=code.loinc) if fits.status is Status.REFUSED else fits
    return meant if meant.ok else Answer("", fits.status, fits.reason, fits.code)


def _without_unit(code: LabCode) -> Answer:
    """A minimum inhibitory concentration (of an isolate) is in ug/mL everywhere, which is mg/L."""
    if not code.unit or code.unit in _UNSAID or code.unit.startswith("{") or code.specimen == "isolate":
        return Answer(code.unit, Status.OK)
    return Answer("", Status.REFUSED, f"{code.display} needs a unit, and none was sent.", "no-unit")


def _where_none_is_expected(code: LabCode, ucum: str) -> Answer:
    """A finding (present or not) that came with an amount: nothing was expected, nothing is contradicted."""
    known = validate_unit(ucum)
    if not known.ok:
        return known
    return Answer(known.answer, Status.OK, f"{code.display} is expected without a unit.", "unexpected")
