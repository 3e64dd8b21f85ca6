"""Lists as files, tab separated, with or without a head: names (code, term type, name), texts with codes."""

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
    """The file is no list of names, or of texts with codes; the text says which, where and why."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")


def read(path: Path) -> Iterator[NameRow]:
    """The rows of a list. Raises NotAList."""
    places = {"rxcui": 0, "term_type": 1, "name": 2}
    for number, cells in _lines(path):
        if number == 1 and (found := _head(cells)):
            places = found
            continue
        if len(cells) <= max(places.values()):
            raise NotAList(path, f"Line {number} has {len(cells)} cells; rxcui, tty and str are needed.")
        rxcui = cells[places["rxcui"]].strip()
        _check_code(path, number, rxcui)
        yield NameRow(rxcui, cells[places["term_type"]].strip(), cells[places["name"]].strip())


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines that say something, each with its number and cells."""
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.rstrip("\r\n").split("\t")
    except UnicodeDecodeError as error:
        raise NotAList(path, "It is not UTF-8 text.") from error
    except OSError as error:
        raise NotAList(path, f"It cannot be read: {error.strerror}.") from error


def _check_code(path: Path, number: int, rxcui: str) -> None:
    if not rxcui.isascii() or not rxcui.isdigit():
        raise NotAList(path, f"Line {number}: {rxcui[:20]!r} is no RxCUI.")


def read_known(path: Path) -> Iterator[tuple[str, str]]:
    """Texts with their known codes: two columns, text and RxCUI, with or without a head. Raises NotAList."""
    for number, cells in _lines(path):
        if len(cells) < 2:
            raise NotAList(path, f"Line {number} has one cell; a text and its RxCUI are needed.")
        text, rxcui = cells[0].strip(), cells[1].strip()
        if number == 1 and rxcui.lower() in _HEADS:
            continue
        _check_code(path, number, rxcui)
        yield text, rxcui


def _head(cells: list[str]) -> dict[str, int]:
    found = {
        _HEADS[cell.strip().lower()]: place
        for place, cell in enumerate(cells)
        if cell.strip().lower() in _HEADS
    }
    return found if len(found) == 3 else {}
