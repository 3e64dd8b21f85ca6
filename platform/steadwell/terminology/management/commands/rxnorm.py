"""``python3 manage.py rxnorm load``, ``status``, ``show``, ``normalise`` and ``measure``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from steadwell import clock
from steadwell.terminology import service as terminology
from steadwell.terminology.models import RxNormName, RxNormRelease
from steadwell.terminology.rxnorm import batch, current, loading, measuring, names_file
from steadwell.terminology.rxnorm.normalising import Normaliser
from steadwell.terminology.rxnorm.release_files import ReleaseRefused


class Command(BaseCommand):
    help = "Load a release of RxNorm, see which is in use, look a code up, or read the drugs that texts name."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True, metavar="load|status|show|normalise|measure")
        load = what.add_parser(
            "load", help="load a release from a folder or a zip archive and use it from then on"
        )
        load.add_argument("place", type=Path)
        load.add_argument("--release", default="", help="its name; without it, the one in its files")
        what.add_parser("status", help="which release is in use")
        show = what.add_parser("show", help="what is known of a code")
        show.add_argument("code")
        normalise = what.add_parser("normalise", help="read one text a line from standard input")
        normalise.add_argument("--json", action="store_true", help="one JSON object a line")
        normalise.add_argument(
            "--names", type=Path, help="a list of names (rxcui, tty, str) instead of the release"
        )

        measure = what.add_parser("measure", help="how well texts are read whose codes are known")
        measure.add_argument("known", type=Path, help="texts with their RxCUI, tab separated")
        measure.add_argument("--json", action="store_true", help="one JSON object")
        measure.add_argument("--names", type=Path, help="a list of names instead of the release")
        measure.add_argument("--show", action="store_true", help="also what was not read right")

    def handle(self, *args: Any, **options: Any) -> None:
        {
            "load": self._load,
            "status": self._status,
            "show": self._show,
            "normalise": self._normalise,
            "measure": self._measure,
        }[options["what"]](options)

    def _load(self, options: dict[str, Any]) -> None:
        def progress(text: str) -> None:
            self.stderr.write(f"  {text}")

        try:
            loaded = loading.load(
                place=options["place"], now=clock.now(), release=options["release"], progress=progress
            )
        except ReleaseRefused as refusal:
            raise CommandError(f"{options['place']}: {refusal.text}") from refusal
        how = "was in use already" if loaded.again else "is in use"
        self.stdout.write(
            f"RxNorm {loaded.release} {how}: {loaded.names} names, {loaded.clinical_drugs} drugs,"
            f" {loaded.retired} retired codes"
        )
        if loaded.left_out:
            self.stdout.write(f"{loaded.left_out} rows of other sources, which have owners, were not read")

    def _status(self, options: dict[str, Any]) -> None:
        found = RxNormRelease.objects.filter(current=True).first()
        if found is None:
            shipped = current.starter()
            self.stdout.write(
                f"No release of RxNorm is loaded: the shipped set of {shipped.products} drugs answers"
            )
            return
        self.stdout.write(
            f"RxNorm {found.name}: {found.names} names, {found.clinical_drugs} drugs, {found.retired} retired"
            f" codes, loaded {found.loaded_at:%Y-%m-%d}"
        )

    def _show(self, options: dict[str, Any]) -> None:
        code = options["code"].strip()
        drug = terminology.find_drug(code)
        if drug is None:
            raise CommandError(f"Nothing is known of {code}")
        if drug.rxcui != code:
            self.stdout.write(f"{code} was retired; {drug.rxcui} stands for it")
        self.stdout.write(f"{drug.rxcui}  {drug.term_type}  {drug.name}")
        for ingredient in drug.ingredients:
            self.stdout.write(f"  ingredient {ingredient.rxcui or '-'}  {ingredient.name}")
        if drug.brand_names:
            self.stdout.write(f"  brands {', '.join(drug.brand_names)}")
        names = RxNormName.objects.filter(release__current=True, rxcui=int(drug.rxcui)).order_by("name")
        for name in names.values_list("name", flat=True).distinct()[:50]:
            self.stdout.write(f"  name {name}")

    def _normalise(self, options: dict[str, Any]) -> None:
        batch.run(self._normaliser(options["names"]), as_json=options["json"])

    def _measure(self, options: dict[str, Any]) -> None:
        try:
            known = [*names_file.read_known(options["known"])]
        except names_file.NotAList as refusal:
            raise CommandError(str(refusal)) from refusal
        normaliser = self._normaliser(options["names"])
        measuring.run(normaliser, known, as_json=options["json"], show=options["show"])

    def _normaliser(self, names: Path | None) -> Normaliser:
        if names is not None:
            try:
                return current.of_names(names)
            except names_file.NotAList as refusal:
                raise CommandError(str(refusal)) from refusal
        try:
            return current.normaliser()
        except OperationalError:
            self.stderr.write(
                "The database does not answer: the shipped set is used instead of a loaded release"
            )
            return Normaliser(current.starter())
