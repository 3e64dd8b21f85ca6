"""Loads the operator's own copy of an RxNorm release beside the one in use, and switches to it in one step.

A faulty release changes nothing. The files are walked twice: first to check every row and to build the index,
outside of any transaction; then the names are copied into the database as a stream, and the switch is made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from steadwell.actor import system
from steadwell.audit import service as audit
from steadwell.terminology.models import RxNormIndex, RxNormName, RxNormRelease
from steadwell.terminology.rxnorm import current, packing
from steadwell.terminology.rxnorm.building import SYNONYMS, Relations, build
from steadwell.terminology.rxnorm.catalogue import Catalogue
from steadwell.terminology.rxnorm.release_files import Atom, Link, ReleaseFiles, ReleaseRefused
from steadwell.terminology.rxnorm.types import NameRow

KEPT = 2  # releases: the one in use and the one before
KNOWN_TYPES = SYNONYMS | {"IN", "PIN", "MIN", "BN", "SCD", "SBD", "GPCK", "BPCK"}
STEP = 50_000  # rows between two words of progress
_COPY = "COPY terminology_rxnormname (release_id, rxaui, rxcui, source, term_type, name) FROM STDIN"

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRelease:
    """``again``: the same files were in use already. ``left_out`` counts rows of sources that have owners."""

    release: str
    names: int
    clinical_drugs: int
    retired: int
    left_out: int
    again: bool


def load(
    *, place: Path, now: datetime, release: str = "", progress: Progress = lambda _text: None
) -> LoadedRelease:
    """Load a release from a folder or a zip archive and use it from then on. Raises ReleaseRefused."""
    files = ReleaseFiles(place)
    digest = files.digest()
    name = release.strip()[:60] or files.name()
    same = RxNormRelease.objects.filter(sha256=digest, current=True).first()
    if same is not None and name in {"", same.name}:
        return LoadedRelease(
            release=same.name, names=same.names, clinical_drugs=same.clinical_drugs, retired=same.retired,
            left_out=0, again=True,
        )  # fmt: skip
    if not name:
        raise ReleaseRefused("Its name is not in the files; give it with --release.")
    catalogue, rows = _built(files, name, progress)
    with transaction.atomic(durable=True):
        _one_at_a_time()
        made = RxNormRelease.objects.create(
            name=name, sha256=digest, loaded_at=now, names=rows, clinical_drugs=catalogue.products,
            retired=len(catalogue.retired),
        )  # fmt: skip
        if _copy(files, made.pk, progress) != rows:
            raise ReleaseRefused("The files changed while they were read.")
        RxNormIndex.objects.create(release=made, content=packing.pack(catalogue))
        _switch_to(made)
        audit.record(
            actor=system("rxnorm.load"), action="terminology.load-rxnorm", category="terminology", now=now,
            detail={"release": name, "names": str(rows), "drugs": str(catalogue.products)},
        )  # fmt: skip
    current.forget()
    return LoadedRelease(
        release=name, names=rows, clinical_drugs=catalogue.products, retired=len(catalogue.retired),
        left_out=files.left_out, again=False,
    )  # fmt: skip


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('terminology|rxnorm'))")
        # A load is allowed to take minutes; the pages' limits are meant for requests.
        cursor.execute("SET LOCAL statement_timeout = '10min'")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '10min'")


def _built(files: ReleaseFiles, name: str, progress: Progress) -> tuple[Catalogue, int]:
    progress("reading the names")
    names, rows = _names(files, progress)
    progress("reading the relations")
    edges = _Edges()
    for link in files.links():
        edges.add(link)
    if not any(row.term_type == "SCD" for row in names):
        raise ReleaseRefused("RXNCONSO.RRF: no clinical drug of RXNORM is in it.")
    if not edges.ingredients:
        raise ReleaseRefused("RXNREL.RRF: no ingredient of RXNORM is in it.")
    progress("building the index")
    # A synonym's row says nothing of what its concept is: nearly every drug has one.
    types = {row.rxcui: row.term_type for row in names if row.term_type not in SYNONYMS}
    catalogue = build(names, release=name, relations=edges.relations(types))
    return replace(catalogue, names=rows, retired=_retired(files, catalogue)), rows


def _names(files: ReleaseFiles, progress: Progress) -> tuple[list[NameRow], int]:
    """The names that the index is made of, and how many rows there are in all."""
    names: list[NameRow] = []
    rows = 0
    for rows, atom in enumerate(files.atoms(), 1):
        if atom.term_type in KNOWN_TYPES and (atom.source == "RXNORM" or atom.term_type == "DP"):
            names.append(NameRow(atom.rxcui, atom.term_type, atom.name))
        if rows % STEP == 0:
            progress(f"read {rows} names")
    return names, rows


@dataclass
class _Edges:
    """What RXNREL says of composition, by code."""

    consists_of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    ingredients: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    form_of: dict[str, str] = field(default_factory=dict)
    tradename_of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    contains: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, link: Link) -> None:
        """ "concept 2 RELA concept 1"."""
        if link.relation == "consists_of":
            self.consists_of[link.second].append(link.first)
        elif link.relation in {"has_ingredient", "has_part"}:
            self.ingredients[link.second].append(link.first)
        elif link.relation == "form_of":
            self.form_of[link.second] = link.first
        elif link.relation == "tradename_of":
            self.tradename_of[link.second].append(link.first)
        elif link.relation == "contains":
            self.contains[link.second].append(link.first)

    def relations(self, types: dict[str, str]) -> Relations:
        """The ingredients of each drug by way of its components, as no drug has an edge to them itself."""
        generic = {
            code: found[0] for code, targets in self.tradename_of.items()
            if (found := [each for each in targets if types.get(each) in {"SCD", "GPCK"}])
        }  # fmt: skip
        known: dict[str, tuple[str, ...]] = {}
        for code, term_type in types.items():
            if term_type in {"SCD", "MIN"}:
                known[code] = self._of_drug(code, types)
        for code, term_type in types.items():
            if term_type == "GPCK":
                parts = (known.get(part, ()) for part in self.contains.get(code, ()))
                known[code] = tuple(dict.fromkeys(each for part in parts for each in part))
        for code, drug in generic.items():
            known[code] = known.get(drug, ())
        return Relations(
            ingredients={code: found for code, found in known.items() if found}, ingredient_of=self.form_of,
            generic=generic,
        )  # fmt: skip

    def _of_drug(self, code: str, types: dict[str, str]) -> tuple[str, ...]:
        found = [*self.ingredients.get(code, ())]
        for component in self.consists_of.get(code, ()):
            found.extend(self.ingredients.get(component, ()))
        return tuple(dict.fromkeys(each for each in found if types.get(each) == "IN"))


def _retired(files: ReleaseFiles, catalogue: Catalogue) -> dict[str, str]:
    """Each retired code to the one in use that it ended in, over as many steps as there were."""
    merged = dict(files.merged())
    found: dict[str, str] = {}
    for old in merged:
        new, steps = old, 0
        while new not in catalogue.concepts and new in merged and steps < 50:
            new, steps = merged[new], steps + 1
        if new != old and new in catalogue.concepts:
            found[old] = new
    return found


def _copy(files: ReleaseFiles, release_id: int, progress: Progress) -> int:
    rows = 0
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for rows, atom in enumerate(files.atoms(), 1):
            copy.write_row(_row(release_id, atom))
            if rows % STEP == 0:
                progress(f"stored {rows} names")
    return rows


def _row(release_id: int, atom: Atom) -> Iterator[object]:
    name = atom.name if len(atom.name) <= 3000 else atom.name[:2999] + "…"
    yield from (release_id, atom.rxaui, int(atom.rxcui), atom.source, atom.term_type, name)


def _switch_to(made: RxNormRelease) -> None:
    RxNormRelease.objects.filter(current=True).update(current=False)
    made.current = True
    made.save(update_fields=["current"])
    kept = RxNormRelease.objects.order_by("-loaded_at", "-pk").values_list("pk", flat=True)[:KEPT]
    gone = RxNormRelease.objects.exclude(pk__in=[*kept])
    RxNormName.objects.filter(release__in=gone).delete()
    RxNormIndex.objects.filter(release__in=gone).delete()
    gone.delete()
