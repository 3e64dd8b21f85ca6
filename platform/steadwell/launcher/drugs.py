"""``python3 manage.py rxnorm normalise`` and ``measure`` against a list, or where no database runs."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from steadwell.launcher import folders, running

EXAMPLES = """examples:
  echo 'METFORMIN HCL 500MG TAB,SA' | python3 manage.py rxnorm normalise
  python3 manage.py rxnorm normalise --json < names.txt
  python3 manage.py rxnorm normalise --names list.tsv < names.txt

One text a line is read from standard input, and one line is written for each:
input, rxcui, term type, name, rxcuis of the ingredients, grade, reason, with tabs between.
grade is exact, clinical-drug, ingredient-only, ambiguous (the reason says between which) or none.
A list of names has the columns rxcui, tty and str, tab separated, with or without a head.
"""

MEASURED = """example:
  python3 manage.py rxnorm measure formulary.tsv --names list.tsv --show

Strings whose code the names do not have are left out and counted. In percent of the others: ingredient.right,
ingredient.wrong (accepted, and not what it is) and ingredient.abstained; drug.right (one clinical drug, the
known one), drug.other, drug.offered (ambiguous, the known one among those named) and drug.none.
strings_per_second is by CPU time of one core.
"""


def answers(arguments: list[str]) -> bool:
    """Whether this needs no database: a list of names is given, or no database is known."""
    if not arguments or arguments[0] not in _PARSERS:
        return False
    if any(
        each == "--names" or each.startswith("--names=") or each in {"-h", "--help"} for each in arguments
    ):
        return True
    return "DATABASE_URL" not in os.environ and running.find(folders.data_folder()) is None


def run(arguments: list[str]) -> int:
    options = _PARSERS[arguments[0]]().parse_args(arguments[1:])
    from steadwell.terminology import service as terminology

    try:
        if arguments[0] == "measure":
            terminology.measure_drug_names(
                known=options.known, names=options.names, as_json=options.json, show=options.show
            )
        else:
            terminology.answer_drug_names(names=options.names, as_json=options.json)
    except terminology.NotAList as refusal:
        print(refusal, file=sys.stderr)
        return 2
    return 0


def _normalise() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 manage.py rxnorm normalise", epilog=EXAMPLES,
        description="Which drug a text names: never a guess between two.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--names", type=Path, metavar="FILE", help="a list of names to read against")
    return parser


def _measure() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 manage.py rxnorm measure", epilog=MEASURED,
        description="How well texts are read whose codes are known, and how fast.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("known", type=Path, metavar="FILE", help="texts with their RxCUI, tab separated")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--names", type=Path, metavar="FILE", help="a list of names to read against")
    parser.add_argument("--show", action="store_true", help="also what was not read right, one a line")
    return parser


_PARSERS = {"normalise": _normalise, "measure": _measure}
