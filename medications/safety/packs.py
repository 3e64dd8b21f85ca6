"""The packs in force: the shipped one, then those in the operator's folder, each signed and not expired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from medications.safety.building import build
from medications.safety.errors import PackExpired, PackMissing
from medications.safety.pack import Rules
from medications.safety.signing import keys_in, verify

SHIPPED = Path(__file__).parent / "data"
_Stamp = tuple[tuple[str, int], ...]
SOON_DAYS = 60  # before a pack's end, when it is worth a word


def shipped() -> list[Path]:
    return _packs_in(SHIPPED)


def folders() -> list[Path]:
    """Every pack there is: a folder with a ``pack.tsv``. Raises PackMissing without a shipped one, or where
    the operator's folder is named and is not there.
    """
    found = shipped()
    if not found:
        raise PackMissing(f"No rule pack lies in {SHIPPED}.")
    own = settings.SAFETY_PACKS_DIR
    if own and not Path(own).is_dir():
        raise PackMissing(f"SAFETY_PACKS_DIR names {own}, which is no folder.")
    return found + (_packs_in(Path(own)) if own else [])


def in_force(*, now: datetime) -> Rules:
    """The rules that hold now. Raises PackMissing, PackForged, PackMalformed or PackExpired: then no check
    can be made, and nothing may pass as checked.
    """
    # The keys count as well: a pack is out of force as soon as the key that vouched for it is taken away.
    keys = tuple(_stamped(folder, "*.pub") for folder in key_folders())
    rules = _load(tuple((str(folder), _stamped(folder, "*.tsv")) for folder in folders()), keys)
    refuse_expired(rules, on=now.date())
    return rules


def refuse_expired(rules: Rules, *, on: date) -> None:
    for stamp in rules.stamps:
        if on >= stamp.expires_on:
            raise PackExpired(f"The rule pack {stamp.name} {stamp.version} expired on {stamp.expires_on}.")


def load(paths: Sequence[Path], *, key_folders: Sequence[Path]) -> Rules:
    """Verify and read these packs as one."""
    keys = keys_in(key_folders)
    for path in paths:
        verify(path, keys)
    return build(paths)


def key_folders() -> list[Path]:
    """Where public keys lie: ours, and ``keys`` in the operator's folder."""
    own = settings.SAFETY_PACKS_DIR
    return [SHIPPED / "keys", *([Path(own) / "keys"] if own else [])]


@lru_cache(maxsize=4)
def _load(stamped: tuple[tuple[str, _Stamp], ...], keys: tuple[_Stamp, ...]) -> Rules:
    return load([Path(path) for path, _ in stamped], key_folders=key_folders())


def _stamped(folder: Path, files: str) -> _Stamp:
    """Names and times of change: what is replaced on disk is read again, without a restart."""
    return tuple((path.name, path.stat().st_mtime_ns) for path in sorted(folder.glob(files)))


def _packs_in(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob("*/pack.tsv"))
