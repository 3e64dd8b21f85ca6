"""``rxnorm normalise``: one text a line in, one answer a line out."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from steadwell.terminology.batch import answer_lines, one_line
from steadwell.terminology.rxnorm.normalising import Normaliser
from steadwell.terminology.rxnorm.types import DrugReading

# What readers of lines may take for an end of one, though JSON does not escape it.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def run(normaliser: Normaliser, *, as_json: bool) -> None:
    """Answer standard input, as TSV or as one JSON object a line."""
    write: Callable[[DrugReading], str] = as_object if as_json else as_cells
    answer_lines(lambda line: write(normaliser.read(line)))


def as_cells(reading: DrugReading) -> str:
    """input, rxcui, term type, name, ingredient rxcuis (comma separated), grade, reason."""
    reason = reading.reason
    if reading.candidates:
        reason += " " + "; ".join(f"{code} {name}".strip() for code, name in reading.candidates)
    ingredients = ",".join(each.rxcui for each in reading.ingredients if each.rxcui)
    cells = (
        reading.text, reading.rxcui or "", reading.term_type, reading.name, ingredients,
        reading.grade.value, reason,
    )  # fmt: skip
    return "\t".join(map(one_line, cells)) + "\n"


def as_object(reading: DrugReading) -> str:
    """The same as JSON, with the ingredients' names, the candidates and the release."""
    text = orjson.dumps({
        "input": reading.text.encode("utf-8", "replace").decode(), "rxcui": reading.rxcui,
        "term_type": reading.term_type, "name": reading.name,
        "ingredients": [{"rxcui": each.rxcui, "name": each.name} for each in reading.ingredients],
        "grade": reading.grade.value, "reason": reading.reason,
        "candidates": [{"rxcui": code, "name": name} for code, name in reading.candidates],
        "release": reading.release,
    }).decode()  # fmt: skip
    return text.translate(_LINE_ENDS) + "\n"
