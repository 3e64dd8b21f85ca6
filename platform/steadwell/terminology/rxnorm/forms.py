"""Dose forms as what they consist of, so that "TAB,SA" and "Extended Release Oral Tablet" can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from steadwell.terminology.rxnorm.words import Phrase, around, fold, longest_around

# What one word for a shape may stand for. A text says less than RxNorm does: "INJ" may be a vial or a
# syringe, "INHL" any inhaler; a capsule is never a tablet.
FAMILIES: dict[str, frozenset[str]] = {
    shape: frozenset(others.split())
    for shape, others in {
        "solution": "solution drops spray",
        "drops": "drops solution suspension",
        "injection": "injection syringe",
        "syringe": "syringe",
        "vial": "injection",
        "inhaler": "inhaler powder_inhaler",
        "spray": "spray aerosol solution",
        "aerosol": "aerosol inhaler foam spray",
        "wafer": "wafer tablet",
        "insert": "insert tablet suppository",
        "suppository": "suppository insert",
        "enema": "enema suspension solution",
        "film": "film patch",
        "crystals": "crystals powder",
        "mouthwash": "mouthwash solution",
        "emulsion": "emulsion suspension lotion",
        "pad": "pad patch",
        "gum": "gum",
    }.items()
}
# Where a form says no route, this is what it means.
USUAL_ROUTE = {"tablet": "oral", "capsule": "oral", "lozenge": "oral", "gum": "oral", "wafer": "oral"}
ROUTES: dict[str, frozenset[str]] = {
    "oral": frozenset({"oral", "mucosal"}),
    "topical": frozenset({"topical", "transdermal"}),
    "transdermal": frozenset({"transdermal", "topical"}),
    "dental": frozenset({"dental", "oral", "mucosal", "topical"}),
    "sublingual": frozenset({"sublingual", "mucosal"}),
    "buccal": frozenset({"buccal", "mucosal"}),
}


@dataclass(frozen=True, slots=True)
class Form:
    """``qualities`` are what RxNorm writes in front (Osmotic, Abuse-Deterrent, Preservative-Free)."""

    shapes: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    release: str = ""
    texture: str = ""
    qualities: tuple[str, ...] = ()

    @property
    def stated(self) -> bool:
        return self.placed or bool(self.release or self.texture)

    @property
    def placed(self) -> bool:
        """Whether it says what the thing is or where it goes."""
        return bool(self.shapes or self.routes)


def made_of(found: Iterable[tuple[str, str]]) -> Form:
    """A form out of (kind, value) pairs; of two releases the later one is ignored."""
    shapes: dict[str, None] = {}
    routes: dict[str, None] = {}
    qualities: dict[str, None] = {}
    release = texture = ""
    for kind, value in found:
        if kind == "shape":
            shapes[value.replace(" ", "_")] = None
        elif kind == "route":
            routes[value] = None
        elif kind == "quality":
            qualities[value] = None
        elif kind == "release":
            release = release or value
        elif kind == "texture":
            texture = texture or value
    if "syringe" in shapes or "vial" in shapes:
        shapes.pop("injection", None)  # "INJ,SYRINGE" is a syringe
    return Form(tuple(shapes), tuple(routes), release, texture, tuple(qualities))


@lru_cache(maxsize=4096)
def official(name: str) -> Form:
    """The parts of one of RxNorm's own names of a dose form."""
    return made_of(pair for pair in scan(fold(name)) if pair is not None)


def scan(words: Phrase) -> list[tuple[str, str] | None]:
    """What each word or phrase is, longest first; None for a word that no table has."""
    known, most = around(), longest_around()
    found: list[tuple[str, str] | None] = []
    at = 0
    while at < len(words):
        for size in range(min(most, len(words) - at), 0, -1):
            pair = known.get(words[at : at + size])
            if pair is not None:
                found.append(pair)
                at += size
                break
        else:
            found.append(None)
            at += 1
    return found


def shapes_fit(said: Form, drug: Form) -> bool:
    """Whether a drug of this form may be what was said. What was not said rules nothing out."""
    if said.shapes and drug.shapes and not any(_shape_fits(each, drug) for each in said.shapes):
        return False
    routes = said.routes
    if not routes:
        return True
    has = drug.routes or tuple(USUAL_ROUTE.get(shape, "") for shape in drug.shapes[:1])
    if "injection" in routes:
        return bool({"injection", "syringe"} & {*drug.shapes})
    if not any(has):
        return True
    return any(has_one in ROUTES.get(route, frozenset({route})) for route in routes for has_one in has)


def _shape_fits(shape: str, drug: Form) -> bool:
    allowed = FAMILIES.get(shape)
    return any(each == shape or (allowed is not None and each in allowed) for each in drug.shapes)
