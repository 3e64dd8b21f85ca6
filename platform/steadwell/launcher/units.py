"""``python3 manage.py ucum``: converts, validates and maps units, without a database or a framework."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from steadwell.terminology import service as terminology
from steadwell.terminology.service import Answer, Status

EXAMPLES = """examples:
  python3 manage.py ucum convert 100 mg/dL mmol/L --loinc 2345-7
  python3 manage.py ucum validate 'mL/min/{1.73_m2}'
  python3 manage.py ucum map 'x10E3/uL' --sender LAB1

With --batch lines are read from standard input, and one line is written for each: the answer or nothing,
a tab, the status, a tab, the reason. convert reads: value, tab, from, tab, to, tab, LOINC code or nothing.
validate and map read one unit a line. The status is ok, refused, invalid, trap (valid UCUM that most probably
means something else) or unknown.

exit status: 0 when there is an answer, 1 when there is none, 2 when the command makes no sense.
With --batch it is 0.
"""


def run(arguments: list[str]) -> int:
    options = _parser().parse_args(arguments)
    if options.batch:
        return _batch(options.line(options))
    try:
        return _tell(options.once(options))
    except _Missing as missing:
        print(f"{missing} Try: python3 manage.py ucum --help", file=sys.stderr)
        return 2


class _Missing(Exception):
    """The command line lacks something."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 manage.py ucum",
        description="Units of measure: exact, and never unsafe.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="convert | validate | map")
    convert = commands.add_parser("convert", help="a value from one UCUM unit into another")
    convert.add_argument("words", nargs="*", metavar="VALUE FROM TO")
    convert.add_argument("--loinc", default="", help="the code of the test, for molar mass and valence")
    convert.add_argument(
        "--literally", action="store_true", help="take a code at UCUM's word also where it is a known trap"
    )
    convert.set_defaults(once=_convert_once, line=_convert_line)
    validate = commands.add_parser("validate", help="whether a code is UCUM, and its preferred spelling")
    validate.add_argument("words", nargs="*", metavar="UNIT")
    validate.set_defaults(once=_validate_once, line=lambda _options: terminology.validate_unit)
    mapping = commands.add_parser("map", help="what a sender wrote, as UCUM")
    mapping.add_argument("words", nargs="*", metavar="STRING")
    mapping.add_argument("--sender", default="", help="whose words they are")
    mapping.add_argument(
        "--loinc", default="", help="the code of the test, which decides where a unit is a trap"
    )
    mapping.set_defaults(once=_map_once, line=_map_line)
    for each in (convert, validate, mapping):
        each.add_argument("--batch", action="store_true", help="read lines from standard input")
    return parser


def _words(options: argparse.Namespace, count: int, what: str) -> list[str]:
    if len(options.words) != count:
        raise _Missing(f"This takes {what}.")
    return list(options.words)


def _convert_once(options: argparse.Namespace) -> Answer:
    value, source, target = _words(options, 3, "a value and two units")
    return _convert(value, source, target, options.loinc, literally=options.literally)


def _validate_once(options: argparse.Namespace) -> Answer:
    return terminology.validate_unit(_words(options, 1, "one unit")[0])


def _map_once(options: argparse.Namespace) -> Answer:
    return terminology.map_unit(
        _words(options, 1, "one string")[0], sender=options.sender, loinc=options.loinc
    )


def _convert_line(options: argparse.Namespace) -> Callable[[str], Answer]:
    def convert(line: str) -> Answer:
        fields = [field.strip() for field in line.split("\t")]
        if not 3 <= len(fields) <= 4:
            reason = "This line is not: value, tab, from, tab, to, tab, LOINC code or nothing."
            return Answer("", Status.INVALID, reason, "line")
        loinc = (fields[3] if len(fields) == 4 else "") or options.loinc
        value, source, target = fields[:3]
        return _convert(value, source, target, loinc, literally=options.literally)

    return convert


def _map_line(options: argparse.Namespace) -> Callable[[str], Answer]:
    return lambda line: terminology.map_unit(line, sender=options.sender, loinc=options.loinc)


def _convert(value: str, source: str, target: str, loinc: str, *, literally: bool) -> Answer:
    answer = terminology.convert(value, source, target, loinc=loinc, literally=literally)
    if answer.status is Status.INVALID:
        for unit in (source, target):  # the validator also says what was probably meant
            found = terminology.validate_unit(unit)
            if not found.ok:
                return found
    return answer


def _tell(answer: Answer) -> int:
    if answer.ok:
        print(answer.answer)
        if answer.reason:
            print(answer.reason, file=sys.stderr)
        return 0
    print(f"{answer.status}: {answer.reason}", file=sys.stderr)
    return 1


def _batch(answer: Callable[[str], Answer]) -> int:
    terminology.answer_lines(lambda line: _row(answer(line)))
    return 0


def _row(answer: Answer) -> str:
    return f"{answer.answer}\t{answer.status}\t{terminology.one_line(answer.reason)}\n"
