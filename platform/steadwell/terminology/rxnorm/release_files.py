"""NLM's release files, row by row: RXNCONSO, RXNREL, RXNSAB and RXNATOMARCHIVE, in a folder or in the zip.

Pipe-delimited UTF-8 without a head and without quoting, a pipe after the last column (RxNorm Technical
Documentation, section 12). Only rows of RXNORM and MTHSPL are read: the other sources of a full release have
owners whose licence an operator would need.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from steadwell.errors import Invalid

OPEN_SOURCES = frozenset({"RXNORM", "MTHSPL"})
COLUMNS = {"RXNCONSO.RRF": 18, "RXNREL.RRF": 16, "RXNSAB.RRF": 25, "RXNATOMARCHIVE.RRF": 16}
NEEDED = ("RXNCONSO.RRF", "RXNREL.RRF")
LONGEST_LINE = 1 << 20
# Relations that say what a drug consists of: "concept 2 RELA concept 1".
RELATIONS = frozenset(
    {"consists_of", "has_ingredient", "has_ingredients", "has_precise_ingredient", "form_of", "tradename_of",
     "contains", "has_part"}
)  # fmt: skip


class ReleaseRefused(Invalid):
    """The files are no RxNorm release that can be used; the text says where and why."""

    code = "rxnorm-release-refused"


@dataclass(frozen=True, slots=True)
class Atom:
    """One name of a concept, as a row of RXNCONSO has it."""

    rxcui: str
    rxaui: str
    source: str
    term_type: str
    name: str


@dataclass(frozen=True, slots=True)
class Link:
    """``second`` RELA ``first``, as a row of RXNREL has it."""

    first: str
    relation: str
    second: str


class ReleaseFiles:
    """The files of one release. Raises ReleaseRefused wherever one is missing or not what it should be."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.left_out = 0  # rows of sources that are not ours to read, of the last walk over the names

    def name(self) -> str:
        """The release's own name: of RXNSAB, else of the folder or the archive; else empty."""
        if self._has("RXNSAB.RRF"):
            for _, cells in self._rows("RXNSAB.RRF"):
                if cells[3] == "RXNORM":
                    return cells[2][:60]
        found = re.search(r"RxNorm\w*_\d{8}", self.place.stem) or re.search(
            r"RxNorm\w*_\d{8}", str(self.place)
        )
        return found.group()[:60] if found else ""

    def digest(self) -> str:
        """SHA-256 over the names and the relations, to know the same release again."""
        made = hashlib.sha256()
        for name in NEEDED:
            with self._open(name) as file:
                while chunk := file.read(1 << 20):
                    made.update(chunk)
        return made.hexdigest()

    def atoms(self) -> Iterator[Atom]:
        """The English names in use of the sources that are free."""
        self.left_out = 0
        for line, cells in self._rows("RXNCONSO.RRF"):
            if cells[11] not in OPEN_SOURCES:
                self.left_out += 1
            elif cells[1] == "ENG" and cells[16] == "N" and cells[14].strip():
                self._check_code(line, "RXNCONSO.RRF", cells[0])
                yield Atom(cells[0], cells[7][:20], cells[11], cells[12][:20], " ".join(cells[14].split()))

    def links(self) -> Iterator[Link]:
        """The relations between concepts that say what consists of what."""
        for line, cells in self._rows("RXNREL.RRF"):
            if cells[10] == "RXNORM" and cells[7] in RELATIONS and cells[0] and cells[4]:
                self._check_code(line, "RXNREL.RRF", cells[0])
                self._check_code(line, "RXNREL.RRF", cells[4])
                yield Link(cells[0], cells[7], cells[4])

    def merged(self) -> Iterator[tuple[str, str]]:
        """Retired codes and those they went into."""
        if not self._has("RXNATOMARCHIVE.RRF"):
            return
        for line, cells in self._rows("RXNATOMARCHIVE.RRF"):
            old, new = cells[12], cells[15]
            if cells[13] == "RXNORM" and old and new and old != new:
                self._check_code(line, "RXNATOMARCHIVE.RRF", old)
                self._check_code(line, "RXNATOMARCHIVE.RRF", new)
                yield old, new

    def _check_code(self, line: int, name: str, code: str) -> None:
        if not (code.isascii() and code.isdigit() and len(code) <= 9):
            raise ReleaseRefused(f"{name}, line {line}: {code[:20]!r} is no RxCUI.")

    def _rows(self, name: str) -> Iterator[tuple[int, list[str]]]:
        columns = COLUMNS[name]
        with self._open(name) as file:
            number = 0
            while line := file.readline(LONGEST_LINE):
                number += 1
                try:
                    text = line.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise ReleaseRefused(f"{name}, line {number}: it is not UTF-8 text.") from error
                cells = text.rstrip("\r\n").split("|")
                if len(cells) != columns + 1 or cells[-1] or "\0" in text:
                    raise ReleaseRefused(
                        f"{name}, line {number}: it has {len(cells) - 1} columns where {columns} are needed,"
                        " each with a pipe behind it."
                    )
                yield number, cells

    def _has(self, name: str) -> bool:
        with ExitStack() as stack:
            try:
                stack.enter_context(self._open(name))
            except ReleaseRefused:
                return False
        return True

    @contextmanager
    def _open(self, name: str) -> Iterator[BinaryIO]:
        try:
            if self.place.is_dir():
                with self._in_folder(name).open("rb") as file:
                    yield file
            else:
                with (
                    zipfile.ZipFile(self.place) as archive,
                    archive.open(_in_archive(archive, name)) as packed,
                ):
                    yield io.BufferedReader(packed, 1 << 18)  # type: ignore[type-var]
        except zipfile.BadZipFile as error:
            raise ReleaseRefused("It is neither a folder nor a zip archive that can be read.") from error
        except (OSError, NotImplementedError, RuntimeError) as error:
            raise ReleaseRefused(
                f"It cannot be read: {getattr(error, 'strerror', None) or error}."
            ) from error

    def _in_folder(self, name: str) -> Path:
        for place in (self.place, self.place / "rrf"):
            if (place / name).is_file():
                return place / name
        raise ReleaseRefused(f"{name} is missing.")


def _in_archive(archive: zipfile.ZipFile, name: str) -> str:
    """The file's place in the archive: the top or ``rrf``; ``prescribe`` holds a second, smaller set."""
    for place in (f"rrf/{name}", name):
        if place in archive.namelist():
            return place
    found = [
        each for each in archive.namelist() if each.endswith(f"/rrf/{name}") and "prescribe/" not in each
    ]
    if len(found) != 1:
        raise ReleaseRefused(f"{name} is missing.")
    return found[0]
