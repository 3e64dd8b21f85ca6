"""Writes RxNorm releases in NLM's own format, of drugs that do not exist, in any size.

``python3 tests/terminology/rxnorm_release.py FOLDER --ingredients 3200`` writes about 250,000 rows of names.
"""

from __future__ import annotations

import argparse
import itertools
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FIRST = (
    "bra",
    "cel",
    "dor",
    "fen",
    "gal",
    "hil",
    "jun",
    "kor",
    "lum",
    "mav",
    "nor",
    "pel",
    "qua",
    "ros",
    "tul",
)
_MIDDLE = ("ba", "ci", "do", "fe", "gu", "la", "mi", "no", "pu", "re", "si", "to", "va", "xi", "ze")
_LAST = ("bine", "clast", "dipol", "fungin", "gliran", "lukib", "mabon", "napril", "platir", "rosan", "zolam")
_FORMS = (
    "Oral Tablet",
    "Oral Capsule",
    "Extended Release Oral Tablet",
    "Oral Solution",
    "Injectable Solution",
)
_STRENGTHS = ("5", "10", "20", "40", "80")


def _name(number: int) -> str:
    number, last = divmod(number, len(_LAST))
    number, middle = divmod(number, len(_MIDDLE))
    again, first = divmod(number, len(_FIRST))
    return _FIRST[first] + _MIDDLE[middle] + (_MIDDLE[again % len(_MIDDLE)] if again else "") + _LAST[last]


@dataclass
class Release:
    """Rows of the files as they are written. ``version`` goes into RXNSAB."""

    version: str = "RXNORM_26AA_261102F"
    names: list[str] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)
    archive: list[str] = field(default_factory=list)
    _atoms: Iterator[int] = field(default_factory=lambda: itertools.count(1_000_000))
    _codes: Iterator[int] = field(default_factory=lambda: itertools.count(3_000_000))

    def name(self, term_type: str, text: str, *, rxcui: str = "", source: str = "RXNORM", suppress: str = "N",
             lat: str = "ENG") -> str:  # fmt: skip
        """Add a name; returns its concept's code."""
        code = rxcui or str(next(self._codes))
        atom = next(self._atoms)
        self.names.append(
            f"{code}|{lat}||||||{atom}|{atom}|{code}||{source}|{term_type}|{code}|{text}||{suppress}|4096|"
        )
        return code

    def relate(self, second: str, relation: str, first: str, *, source: str = "RXNORM") -> None:
        """ "second RELATION first", as NLM writes it: concept 2 stands behind concept 1."""
        self.relations.append(
            f"{first}||CUI|RO|{second}||CUI|{relation}|{next(self._atoms)}||{source}|{source}||||4096|"
        )

    def retire(self, old: str, new: str, text: str = "gone") -> None:
        atom = next(self._atoms)
        self.archive.append(
            f"{atom}|{atom}|{text}|01-JUN-26|01-JAN-20|01-JUN-26|{old}|N|ENG|26AA||{self.version}|{old}|RXNORM|SCD|{new}|"
        )

    def ingredient(self, text: str, *, salt: str = "") -> tuple[str, str]:
        """An ingredient and, where a salt is given, the precise one: both codes."""
        code = self.name("IN", text)
        if not salt:
            return code, ""
        precise = self.name("PIN", f"{text} {salt}")
        self.relate(precise, "form_of", code)
        return code, precise

    def drug(self, parts: list[tuple[str, str, str, str]], form: str, *, brand: str = "") -> tuple[str, str]:
        """A clinical drug, and its branded one where a brand is given. Each part: code of the ingredient,
        name as the drug has it, strength, code of the salt or nothing.
        """
        components = []
        for code, text, strength, precise in parts:
            component = self.name("SCDC", f"{text} {strength}")
            self.relate(component, "has_ingredient", code)
            if precise:
                self.relate(component, "has_precise_ingredient", precise)
            components.append(component)
        title = " / ".join(f"{text} {strength}" for _, text, strength, _ in parts) + f" {form}"
        drug = self.name("SCD", title)
        for component in components:
            self.relate(drug, "consists_of", component)
        if not brand:
            return drug, ""
        branded = self.name("SBD", f"{title} [{brand}]")
        self.relate(branded, "tradename_of", drug)
        return drug, branded

    def pack(self, parts: list[tuple[int, str, str]], *, brand: str) -> tuple[str, str]:
        """A clinical pack and its branded one, of so many pieces of each drug: count, code, name."""
        inner = " / ".join(f"{count} ({text})" for count, _, text in parts)
        pack = self.name("GPCK", f"{{{inner}}} Pack")
        inner = " / ".join(f"{count} ({text} [{brand}])" for count, _, text in parts)
        branded = self.name("BPCK", f"{{{inner}}} Pack [{brand} 28 Day]")
        for _, code, _ in parts:
            self.relate(pack, "contains", code)
        self.relate(branded, "tradename_of", pack)
        return pack, branded

    def write(self, folder: Path, *, packed: bool = False) -> Path:
        """The files in a folder, or in a zip archive as NLM packs them."""
        cells = [
            "C1",
            "C2",
            self.version,
            "RXNORM",
            "RxNorm",
            "RXNORM",
            *[""] * 13,
            "ENG",
            "UTF-8",
            "Y",
            "Y",
            "RxNorm",
            "",
        ]
        sab = "|".join(cells) + "|"
        files = {
            "RXNCONSO.RRF": self.names, "RXNREL.RRF": self.relations, "RXNSAB.RRF": [sab],
            "RXNATOMARCHIVE.RRF": self.archive,
        }  # fmt: skip
        texts = {name: "".join(f"{row}\n" for row in rows) for name, rows in files.items()}
        if packed:
            place = folder / "RxNorm_full_prescribe_11022026.zip"
            with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, text in texts.items():
                    archive.writestr(f"rrf/{name}", text)
            return place
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
        return folder


def small(**more: Any) -> tuple[Release, dict[str, str]]:
    """A handful of drugs, and their codes by name."""
    made = Release(**more)
    codes: dict[str, str] = {}
    codes["bramol"], codes["bramol hydrochloride"] = made.ingredient("bramol", salt="hydrochloride")
    codes["cendin"], _ = made.ingredient("cendin")
    codes["Bramex"] = made.name("BN", "Bramex")
    made.relate(codes["Bramex"], "tradename_of", codes["bramol"])
    bramol = (codes["bramol"], "bramol hydrochloride", "10 MG", codes["bramol hydrochloride"])
    codes["drug"], codes["brand"] = made.drug([bramol], "Oral Tablet", brand="Bramex")
    codes["both"], _ = made.drug([bramol, (codes["cendin"], "cendin", "5 MG", "")], "Oral Tablet")
    made.name("PSN", "braMOL HCl 10 MG Oral Tablet", rxcui=codes["drug"])
    codes["min"] = made.name("MIN", "bramol / cendin")
    made.relate(codes["min"], "has_part", codes["bramol"])
    made.relate(codes["min"], "has_part", codes["cendin"])
    made.name("DP", "BRAMEX 10 MG tablet, film coated", rxcui=codes["brand"], source="MTHSPL")
    return made, codes


def many(ingredients: int) -> Release:
    """A release with products of so many ingredients: about 78 rows of names each."""
    made = Release()
    for number in range(ingredients):
        text = _name(number)
        code, precise = made.ingredient(text, salt="hydrochloride")
        brand = _name(number + ingredients).capitalize()
        made.name("BN", brand)
        for form in _FORMS[: 2 + number % 3]:
            for strength in _STRENGTHS:
                unit = "MG/ML" if "Solution" in form else "MG"
                salted = f"{text} hydrochloride"
                drug, branded = made.drug([(code, salted, f"{strength} {unit}", precise)], form, brand=brand)
                made.name("PSN", f"{text} HCl {strength} {unit} {form}", rxcui=drug)
                made.name(
                    "DP", f"{brand.upper()} {text} {strength} {unit} {form}", rxcui=branded, source="MTHSPL"
                )
                made.name("SU", f"{text.upper()} HYDROCHLORIDE {number}", rxcui=precise, source="MTHSPL")
        if number % 50 == 0:
            made.name("BD", f"{text} owned", rxcui=code, source="GS")
            made.retire(str(900_000 + number), code)
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ingredients", type=int, default=3200)
    options = parser.parse_args()
    release = many(options.ingredients)
    print(release.write(options.folder), len(release.names), "names", len(release.relations), "relations")
