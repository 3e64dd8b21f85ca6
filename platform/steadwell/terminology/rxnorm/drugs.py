"""Questions about codes: what a drug is, what begins with these letters, what stands for a retired code."""

from __future__ import annotations

from pathlib import Path

from steadwell.terminology.rxnorm import batch, current, measuring, names_file, official
from steadwell.terminology.rxnorm.attesting import INERT
from steadwell.terminology.rxnorm.catalogue import BRANDED, PRODUCTS, Catalogue, Concept
from steadwell.terminology.rxnorm.normalising import Normaliser
from steadwell.terminology.rxnorm.types import Drug, DrugReading, PackContents, RxNormRelease

MOST_SUGGESTIONS = 50


def normalise_drug(text: str) -> DrugReading:
    """Which drug a text names, and how sure that is. Never raises and never guesses between two."""
    return current.normaliser().read(text)


def answer_drug_names(*, names: Path | None, as_json: bool) -> None:
    """Read standard input line by line, against a list of names or the shipped set. Raises NotAList."""
    batch.run(current.of_names(names) if names else Normaliser(current.starter()), as_json=as_json)


def measure_drug_names(*, known: Path, names: Path | None, as_json: bool, show: bool) -> None:
    """Say how well the texts of a file are read whose codes stand beside them. Raises NotAList."""
    texts = [*names_file.read_known(known)]
    normaliser = current.of_names(names) if names else Normaliser(current.starter())
    measuring.run(normaliser, texts, as_json=as_json, show=show)


def find_drug(rxcui: str) -> Drug | None:
    """The concept of a code, or None. For a retired code it is the one that stands for it now."""
    catalogue = current.normaliser().catalogue
    code = rxcui.strip()
    concept = catalogue.concepts.get(catalogue.retired.get(code, code))
    return _drug(catalogue, concept) if concept is not None else None


def suggest_drugs(prefix: str, limit: int = 10) -> list[Drug]:
    """Drugs whose name begins so: ingredients and brands first, then products, the short names first."""
    catalogue = current.normaliser().catalogue
    if not prefix.strip():
        return []
    codes = catalogue.starting_with(prefix, max(0, min(limit, MOST_SUGGESTIONS)))
    return [_drug(catalogue, catalogue.concepts[code]) for code in codes]


def release() -> RxNormRelease:
    """The release that answers now."""
    catalogue = current.normaliser().catalogue
    return RxNormRelease(
        name=catalogue.release, starter=catalogue.release == current.STARTER,
        loaded_at=catalogue.loaded_at, names=catalogue.names, clinical_drugs=catalogue.products,
    )  # fmt: skip


def pack_contents(name: str) -> PackContents | None:
    """What a pack holds, out of its official name; None for the name of anything else."""
    parts = official.read(name)
    if parts is None or not parts.parts:
        return None
    return PackContents(
        brand=parts.brand,
        drugs=tuple(each for each in parts.parts if not each[1].casefold().startswith(INERT)),
        inert=sum(count for count, drug in parts.parts if drug.casefold().startswith(INERT)),
    )


def remapped(rxcui: str) -> str:
    """The code that stands for a retired one; a code in use, or one nobody knows, stands for itself."""
    return current.normaliser().catalogue.retired.get(rxcui.strip(), rxcui.strip())


def _drug(catalogue: Catalogue, concept: Concept) -> Drug:
    parts = concept.parts if concept.term_type in PRODUCTS else None
    generic = catalogue.generic.get(concept.rxcui, "") if concept.term_type in BRANDED else concept.rxcui
    return Drug(
        rxcui=concept.rxcui, term_type=concept.term_type, name=concept.name,
        ingredients=catalogue.ingredients_of(catalogue.bases.get(concept.rxcui, ())),
        brand_names=_brands(catalogue, concept),
        strength=" / ".join(each.written for each in parts.components) if parts else "",
        dose_form=parts.form_name if parts else "", status="active", clinical_drug=generic,
    )  # fmt: skip


def _brands(catalogue: Catalogue, concept: Concept) -> tuple[str, ...]:
    if concept.term_type in BRANDED:
        parts = concept.parts
        return (parts.brand,) if parts and parts.brand else ()
    if concept.term_type == "BN":
        return (concept.name,)
    branded = [each.parts for each in catalogue.branded_of(concept.rxcui)]
    return tuple(sorted({each.brand for each in branded if each and each.brand}))
