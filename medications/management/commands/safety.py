"""``python3 manage.py safety check|status|lint|keygen|sign``: what the rule packs say, and the packs."""

from __future__ import annotations

import base64
import json
import sys
from argparse import RawDescriptionHelpFormatter
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from medications.safety import packs, signing
from medications.safety.checking import check_change
from medications.safety.errors import PackUnusable
from medications.safety.linting import lint, missing_groups
from medications.safety.recognising import allergy_from_text, drug_from_text
from medications.safety.types import Checked, Facts, Finding, NotChecked
from steadwell import clock
from steadwell.terminology import service as terminology

EXAMPLES = """examples:
  python3 manage.py safety check "Zoloft 50 mg" phenelzine
  printf 'Tylenol 500 mg\\t2 tablets four times daily\\nwarfarin\\n' | python3 manage.py safety check --json
  python3 manage.py safety check amoxicillin metformin --allergy penicillin --age 71 --egfr 28
  python3 manage.py safety lint medications/safety/data/core

A line is a drug's name; after a tab may stand how it is taken. Nothing found never means "no interaction":
what no rule speaks of is listed as not checked.

exit status of check: 0 when nothing asks for a reason, 3 when something does, 1 when no check could be made.
"""


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # it answers without a database
    help = "Check medicines against the signed rule packs, see which packs are in force, look one through."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs.setdefault("epilog", EXAMPLES)
        kwargs.setdefault("formatter_class", RawDescriptionHelpFormatter)
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True, metavar="check|status|lint|keygen|sign")
        check = what.add_parser("check", help="what speaks against taking these together")
        check.add_argument("drugs", nargs="*", help="names; without any, one a line from standard input")
        check.add_argument("--json", action="store_true", help="answer in JSON")
        check.add_argument("--allergy", action="append", default=[], metavar="NAME")
        check.add_argument("--age", type=_number, metavar="YEARS")
        check.add_argument("--weight", type=_number, metavar="KG")
        check.add_argument("--egfr", type=_number, metavar="ML/MIN/1.73M2")
        check.add_argument("--language", choices=["en", "es"], default="en")
        status = what.add_parser("status", help="which packs are in force, and until when")
        status.add_argument("--json", action="store_true", help="answer in JSON")
        linter = what.add_parser("lint", help="everything that is wrong with a pack")
        linter.add_argument("pack", type=Path)
        keygen = what.add_parser("keygen", help="a pair of keys for packs of your own")
        keygen.add_argument("name", help="NAME.key stays secret, NAME.pub goes into the folder `keys`")
        sign = what.add_parser("sign", help="vouch for a pack")
        sign.add_argument("pack", type=Path)
        sign.add_argument("--key", type=Path, required=True, help="the NAME.key of keygen")

    def handle(self, *args: Any, **options: Any) -> None:
        {
            "check": self._check,
            "status": self._status,
            "lint": self._lint,
            "keygen": self._keygen,
            "sign": self._sign,
        }[options["what"]](options)

    def _check(self, options: dict[str, Any]) -> None:
        lines = options["drugs"] or [line.rstrip("\r\n") for line in sys.stdin]
        said = [line.split("\t") for line in lines if line.strip()]
        if not said:
            raise CommandError("Name at least one drug.")
        # Left out in silence, an empty variable in somebody's script would pass a pair as looked at.
        if len(said) < len(options["drugs"]) or not all(parts[0].strip() for parts in said):
            raise CommandError("One of the drugs has no name.")
        self._find_names()
        drugs = [
            drug_from_text(str(number), parts[0].strip(), dosage_text=parts[1] if parts[1:] else "")
            for number, parts in enumerate(said, start=1)
        ]
        allergies = [allergy_from_text(f"a{n}", name) for n, name in enumerate(options["allergy"], start=1)]
        facts = Facts(age_years=options["age"], weight_kg=options["weight"], egfr=options["egfr"])
        try:
            answer = check_change(drugs=[], adding=drugs, allergies=allergies, facts=facts, now=clock.now())
        except PackUnusable as refusal:
            raise CommandError(f"{refusal.code}: {refusal.detail}") from refusal
        language = options["language"]
        if options["json"]:
            read = [
                {"name": each.name, "ingredients": list(each.ingredients), "doubt": each.doubt}
                for each in drugs
            ]
            self.stdout.write(
                json.dumps({"drugs": read, **as_json(answer, language)}, ensure_ascii=False, indent=2)
            )
        else:
            self.stdout.write("\n".join(_as_text(answer, language)))
        if answer.stopping:
            sys.exit(3)

    def _find_names(self) -> None:
        """The check must answer also where nothing runs: then by the drug names that are shipped."""
        try:
            terminology.normalise_drug("")
        except OperationalError:
            self.stderr.write("The database does not answer: the shipped drug names are used")
            terminology.use_shipped_drugs()

    def _status(self, options: dict[str, Any]) -> None:
        now = clock.now()
        try:
            rules = packs.in_force(now=now)
        except PackUnusable as refusal:
            raise CommandError(f"{refusal.code}: {refusal.detail}") from refusal
        said = [
            {
                "pack": stamp.name,
                "version": stamp.version,
                "issued": stamp.issued_on.isoformat(),
                "expires": stamp.expires_on.isoformat(),
                "days_left": (stamp.expires_on - now.date()).days,
                "age_days": (now.date() - stamp.issued_on).days,
                "publisher": stamp.publisher,
            }
            for stamp in rules.stamps
        ]
        counts = {
            "interactions": len(rules.interactions),
            "duplicates": len(rules.duplicates),
            "allergies": len(rules.allergies),
            "limits": len(rules.limits),
            "ingredients": len(rules.known),
            "empty_classes": sorted({rule.empty for rule in rules.interactions if rule.empty}),
            "onc_groups_missing": missing_groups(rules),
        }
        if options["json"]:
            self.stdout.write(json.dumps({"packs": said, **counts}, indent=2))
            return
        for each in said:
            self.stdout.write(
                f"{each['pack']} {each['version']} by {each['publisher']}: issued {each['issued']},"
                f" {each['days_left']} days left"
            )
        for name, value in counts.items():
            shown = ", ".join(value) or "none" if isinstance(value, list) else value
            self.stdout.write(f"{name.replace('_', ' ')}: {shown}")

    def _lint(self, options: dict[str, Any]) -> None:
        faults = lint(options["pack"], on=clock.now().date())
        for fault in faults:
            self.stdout.write(f"{'error' if fault.is_error else 'look'}\t{fault.where}\t{fault.what}")
        errors = sum(fault.is_error for fault in faults)
        if errors:
            raise CommandError(f"{errors} {'error' if errors == 1 else 'errors'} in {options['pack']}")
        self.stdout.write(f"{options['pack']}: no errors")

    def _keygen(self, options: dict[str, Any]) -> None:
        secret, public = Path(f"{options['name']}.key"), Path(f"{options['name']}.pub")
        if secret.exists() or public.exists():
            raise CommandError(f"{secret} or {public} is there already.")
        key = Ed25519PrivateKey.generate()
        secret.touch(mode=0o600)
        secret.write_text(base64.b64encode(key.private_bytes_raw()).decode() + "\n", encoding="ascii")
        public.write_text(
            base64.b64encode(key.public_key().public_bytes_raw()).decode() + "\n", encoding="ascii"
        )
        self.stdout.write(
            f"{secret} is secret: keep it away from this machine. {public} goes where packs are read."
        )

    def _sign(self, options: dict[str, Any]) -> None:
        try:
            raw = base64.b64decode(options["key"].read_text("ascii").strip(), validate=True)
            key = Ed25519PrivateKey.from_private_bytes(raw)
        except (OSError, ValueError) as wrong:
            raise CommandError(f"{options['key']} is no key: {wrong}") from wrong
        signing.sign(options["pack"], key_name=options["key"].stem, private_key=key)
        self.stdout.write(f"{options['pack']} is signed by {options['key'].stem}")


def as_json(answer: Checked, language: str) -> dict[str, Any]:
    return {
        "packs": [
            {
                "pack": pack.name,
                "version": pack.version,
                "issued": pack.issued_on.isoformat(),
                "expires": pack.expires_on.isoformat(),
            }
            for pack in answer.packs
        ],
        "findings": [_finding(finding, language) for finding in answer.findings],
        "not_checked": [_not_checked(each) for each in answer.not_checked],
    }


def _finding(finding: Finding, language: str) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "kind": finding.kind,
        "severity": finding.severity,
        "stops": finding.stops,
        "drugs": list(finding.names),
        "ingredients": list(finding.ingredients),
        "mechanism": finding.mechanism.get(language, ""),
        "advice": finding.advice.get(language, ""),
        "citation": finding.citation,
        "pack": f"{finding.pack}/{finding.version}",
        "dated": finding.dated_on.isoformat(),
    }


def _not_checked(each: NotChecked) -> dict[str, Any]:
    return {"why": each.why, "check": each.kind or "all", "drugs": list(each.names), "rule": each.rule}


def _as_text(answer: Checked, language: str) -> list[str]:
    lines = []
    for each in answer.findings:
        lines += [
            f"{each.severity.upper()}  {' + '.join(each.names)}  ({each.kind}, {each.rule}, {each.dated_on})",
            f"    {each.mechanism.get(language, '')} {each.advice.get(language, '')}".rstrip(),
            f"    {each.citation}",
        ]
    if answer.not_checked:
        lines.append("Not checked:")
        lines += [
            f"    {' + '.join(each.names) or each.rule}: {each.why}"
            + (f" ({each.kind})" if each.kind else "")
            for each in answer.not_checked
        ]
    lines.append(f"By {answer.version}.")
    return lines


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as wrong:
        raise ValueError(text) from wrong
    if not number.is_finite() or number < 0:
        raise ValueError(text)
    return number
