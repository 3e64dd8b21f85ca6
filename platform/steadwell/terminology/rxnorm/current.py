"""The catalogue in use: the operator's loaded release, else the set that ships with the product.

One is kept per process. Whether another release was switched to is looked up at most twice a minute, with one
query; a load in the same process is seen at once. Without Django set up (the command line's own use) the
shipped set answers.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from steadwell.terminology.labcodes import DATA
from steadwell.terminology.rxnorm import building, names_file
from steadwell.terminology.rxnorm.catalogue import Catalogue
from steadwell.terminology.rxnorm.normalising import Normaliser

STARTER = "starter-2026-11"  # the name stored with what was read from the shipped set
RECHECK_SECONDS = 30.0


@cache
def starter() -> Catalogue:
    """The set that ships with the product."""
    return building.build(names_file.read(DATA / "rxnorm_starter.tsv"), release=STARTER)


@dataclass
class _InUse:
    release_id: int | None
    normaliser: Normaliser
    checked: float


_lock = threading.Lock()
_in_use: _InUse | None = None


def normaliser() -> Normaliser:
    """The normaliser of the release in use."""
    global _in_use
    held = _in_use
    if held is not None and time.monotonic() - held.checked < RECHECK_SECONDS:
        return held.normaliser
    with _lock:
        if held is None or held.release_id != _loaded_id():
            held = _read()
        held.checked = time.monotonic()
        _in_use = held
    return held.normaliser


def forget() -> None:
    """Look up at the next call which release is in use: for the load that has just switched."""
    global _in_use
    _in_use = None


def use_shipped_drugs() -> None:
    """From now on the shipped set answers in this process: for a command that finds no database."""
    global _in_use
    _in_use = _InUse(None, Normaliser(starter()), float("inf"))


def of_names(path: Path) -> Normaliser:
    """A normaliser over a list of names in a file. Raises names_file.NotAList."""
    return Normaliser(building.build(names_file.read(path), release=path.name))


def _has_database() -> bool:
    registry = sys.modules.get("django.apps")  # the service is used without Django, too
    return registry is not None and registry.apps.ready


def _loaded_id() -> int | None:
    if not _has_database():
        return None
    from steadwell.terminology.rxnorm import stored

    return stored.current_id()


def _read() -> _InUse:
    found: tuple[int, Catalogue] | None = None
    if _has_database():
        from steadwell.terminology.rxnorm import stored

        found = stored.find_in_use()
    release_id, catalogue = found or (None, starter())
    return _InUse(release_id, Normaliser(catalogue), 0.0)
