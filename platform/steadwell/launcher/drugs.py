"""``python3 manage.py rxnorm normalise`` against a list, or where no database runs."""

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


def answers(arguments: list[str]) -> bool:
    """Whether this needs no database: a list of names is given, or no database is known."""
    if arguments[:1] != ["normalise"]:
        return False
    if any(
        each == "--names" or each.startswith("--names=") or each in {"-h", "--help"} for each in arguments
    ):
        return True
    return "DATABASE_URL" not in os.environ and running.find(folders.data_folder()) is None


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 manage.py rxnorm normalise", epilog=EXAMPLES,
        description="Which drug a text names: never a guess between two.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--names", type=Path, metavar="FILE", help="a list of names to read against")
    options = parser.parse_args(arguments[1:])
    from steadwell.terminology import service as terminology

    try:
        terminology.answer_drug_names(names=options.names, as_json=options.json)
    except terminology.NotAList as refusal:
        print(f"{options.names}: {refusal}", file=sys.stderr)
        return 2
    return 0
