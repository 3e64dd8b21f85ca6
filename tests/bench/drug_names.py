"""``normalise.rps``: how many drug names one core reads in a second, and how soon a process can begin.

The catalogue is a generated release of the prescribable set's size, for a short list would flatter the
figure; the texts are its names as hospitals, labels and people write them, some of them with a wrong letter.
"""

from __future__ import annotations

import random
import time
from itertools import pairwise

from steadwell.terminology.rxnorm import packing
from steadwell.terminology.rxnorm.building import build
from steadwell.terminology.rxnorm.normalising import Normaliser
from steadwell.terminology.rxnorm.types import NameRow
from tests.bench.figures import Report, percentile, say

INGREDIENTS = 4_000  # with five strengths in two forms each, and a brand: 80,000 drugs
TEXTS = 20_000
_SYLLABLES = (
    "ba",
    "ci",
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
    "zev",
)
_ENDS = ("bine", "clast", "dipol", "fungin", "gliran", "lukib", "mabon", "napril", "platir", "rosan", "zolam")
_STRENGTHS = (5, 10, 20, 40, 80)
_FORMS = (("Oral Tablet", "TAB"), ("Oral Capsule", "CAP,UD"))


def run(report: Report, *, small: bool = False) -> None:
    """Set ``normalise.rps`` (texts a second of one core's time), ``normalise.p99_ms``, ``normalise.open_ms``
    (from the stored bytes to the first answer) and ``normalise.read_share`` (texts that led to one drug).
    """
    count = INGREDIENTS // 20 if small else INGREDIENTS
    names = _names(count)
    content = packing.pack(build(_rows(names), release="bench"))
    texts = _texts(names, TEXTS // 10 if small else TEXTS)

    began = time.process_time()
    normaliser = Normaliser(packing.unpack(content))
    normaliser.read(texts[0])
    report.set("normalise.open_ms", (time.process_time() - began) * 1000, 1)

    marks, drugs = [time.process_time()], 0
    for text in texts:
        drugs += normaliser.read(text).grade in {"exact", "clinical-drug"}
        marks.append(time.process_time())
    spent = sorted(after - before for before, after in pairwise(marks))
    report.set("normalise.rps", len(texts) / (marks[-1] - marks[0]), 0)
    report.set("normalise.p99_ms", percentile(spent, 0.99) * 1000)
    report.set("normalise.read_share", drugs / len(texts))
    report.set("normalise.index_mb", len(content) / 1e6, 1)
    in_all, rate = normaliser.catalogue.products, report.figures["normalise.rps"]
    say(f"normalise: {len(texts)} texts over {in_all} drugs, {rate:.0f}/s")
    report.notes.append("normalise.rps is by CPU time of one core; aim 2,000.")


def _names(count: int) -> list[str]:
    chosen = random.Random(5)  # the same names every time
    names: dict[str, None] = {}
    while len(names) < 2 * count:
        names["".join(chosen.choices(_SYLLABLES, k=3)) + chosen.choice(_ENDS)] = None
    return [*names]


def _rows(names: list[str]) -> list[NameRow]:
    half = len(names) // 2
    rows = [NameRow(str(1000 + number), "IN", name) for number, name in enumerate(names[:half])]
    code = 1_000_000
    for name, brand in zip(names[:half], names[half:], strict=True):
        for form, _ in _FORMS:
            for strength in _STRENGTHS:
                drug = f"{name} hydrochloride {strength} MG {form}"
                rows.append(NameRow(str(code), "SCD", drug))
                rows.append(NameRow(str(code + 1), "SBD", f"{drug} [{brand.title()}]"))
                code += 2
    return rows


def _texts(names: list[str], count: int) -> list[str]:
    chosen, half, texts = random.Random(7), len(names) // 2, []
    for number in range(count):
        place, strength = chosen.randrange(half), chosen.choice(_STRENGTHS)
        form, short = chosen.choice(_FORMS)
        name, brand = names[place], names[half + place]
        form_word = short.split(",")[0].lower()
        shapes = (
            f"{name} hydrochloride {strength} MG {form}",
            f"{name.upper()} HCL {strength}MG {short}",
            f"{brand.title()} {strength} mg {form_word}",
            f"{name} {strength}",
            f"{name[:5]}{name[6:]} {strength} mg {form_word} UD 100",
            f"{strength}mg unknown thing",
        )
        texts.append(shapes[number % len(shapes)])
    return texts
