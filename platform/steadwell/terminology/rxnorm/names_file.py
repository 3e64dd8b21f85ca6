"""Name lists as files: tab separated, code, term type, name, with or without a head."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from steadwell.terminology.rxnorm.types import NameRow

_HEADS = {
    "rxcui": "rxcui",
    "code": "rxcui",
    "tty": "term_type",
    "term_type": "term_type",
    "str": "name",
    "name": "name",
}


class NotAList(ValueError):
    """The file is no list of names; the text says where and why."""


def read(path: Path) -> Iterator[NameRow]:
    """The rows of a list. Raises NotAList."""
    places = {"rxcui": 0, "term_type": 1, "name": 2}
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(file, 1):
                cells = line.rstrip("\r\n").split("\t")
                if number == 1 and (found := _head(cells)):
                    places = found
                    continue
                if not line.strip():
                    continue
                if len(cells) <= max(places.values()):
                    raise NotAList(f"Line {number} has {len(cells)} cells; rxcui, tty and str are needed.")
                rxcui = cells[places["rxcui"]].strip()
                if not rxcui.isascii() or not rxcui.isdigit():
                    raise NotAList(f"Line {number}: {rxcui[:20]!r} is no RxCUI.")
                yield NameRow(rxcui, cells[places["term_type"]].strip(), cells[places["name"]].strip())
    except UnicodeDecodeError as error:
        raise NotAList("It is not UTF-8 text.") from error
    except OSError as error:
        raise NotAList(f"It cannot be read: {error.strerror}.") from error


def _head(cells: list[str]) -> dict[str, int]:
    found = {
        _HEADS[cell.strip().lower()]: place
        for place, cell in enumerate(cells)
        if cell.strip().lower() in _HEADS
    }
    return found if len(found) == 3 else {}
