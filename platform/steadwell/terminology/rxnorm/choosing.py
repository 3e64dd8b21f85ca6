"""Of the products that nothing contradicts, those that are meant. What stays several stays several."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from steadwell.terminology.rxnorm.catalogue import BRANDED, CLINICAL
from steadwell.terminology.rxnorm.matching import Candidate, amounts, salts_fit
from steadwell.terminology.rxnorm.reading import Mention
from steadwell.terminology.rxnorm.strengths import Strength

# Plain and coated are written alike, whatever the label: the plain word proves nothing.
DOUBTFUL = frozenset({"aspirin"})


def of_brand(found: Sequence[Candidate], brands: frozenset[str]) -> list[Candidate]:
    """The branded drugs where a brand is named and has one that fits, else the clinical drugs."""
    branded = [each for each in found if each.concept.term_type in BRANDED and each.parts.brand in brands]
    return branded or [each for each in found if each.concept.term_type in CLINICAL]


def narrow(found: Sequence[Candidate], mention: Mention, salts: dict[str, str]) -> list[Candidate]:
    """Leave out what says more than the text does where a drug is there that says the same."""
    left = _prefer(
        found, lambda each: all(salts.get(base, "") in ("", salt) for base, salt, _ in each.by_base)
    )
    left = _by_pack(left, mention)
    left = _plain_where_complete(left, mention, salts)
    left = _prefer(left, lambda each: bool(each.parts.brand) or _qualities(each) <= {*mention.form.qualities})
    left = _prefer(left, lambda each: _word_for_word(each, mention))
    left = _by_quantity(left, mention)
    return _by_hours(left, mention)


def _prefer(found: Sequence[Candidate], better: Callable[[Candidate], bool]) -> list[Candidate]:
    return [each for each in found if better(each)] or [*found]


def _word_for_word(drug: Candidate, mention: Mention) -> bool:
    """Whether every amount is there as said; another product may fit by rounding (324 and 325 MG)."""
    said = [each.readings for each in amounts(mention) if each.readings]
    return all(any(each.equals(has) for each in readings for *_, has in drug.by_base) for readings in said)


def _qualities(drug: Candidate) -> set[str]:
    return {*drug.parts.qualities, *drug.parts.form.qualities}


def is_plain(drug: Candidate) -> bool:
    """Neither release nor texture is named in its form."""
    return not drug.parts.form.release and not drug.parts.form.texture


def _plain_where_complete(found: list[Candidate], mention: Mention, salts: dict[str, str]) -> list[Candidate]:
    """A label names the release where there is one, so a plain form on a whole label is plain.

    Whole: in capitals, with a form, and with the salt that the official name has. A sentence somebody typed
    is no label, "metformin 500 MG tablet" is what people write for the extended one as well.
    """
    plain = [each for each in found if is_plain(each)]
    if not plain or len(plain) == len(found) or not mention.label or not mention.form.shapes:
        return found
    whole = all(not salt or salts.get(base) for each in plain for base, salt, _ in each.by_base)
    doubtful = any(base in DOUBTFUL for each in plain for base, _, _ in each.by_base)
    return plain if whole and not doubtful else found


def _by_pack(found: list[Candidate], mention: Mention) -> list[Candidate]:
    """A pack is meant where the text says so; how many pieces it says decides between packs."""
    if "pack" not in mention.form.shapes:
        return _prefer(found, lambda each: not each.parts.parts)
    packs = [each for each in found if each.parts.parts]
    if not packs or not mention.counts:
        return found
    counted = [each for each in packs if each.parts.pieces in mention.counts]
    return counted or [each for each in found if not each.parts.parts]


def _by_quantity(found: list[Candidate], mention: Mention) -> list[Candidate]:
    said = [each for each in mention.quantities if each.kind in {"ml", "actuat"}]
    if not said:
        return found
    # A vial that is named by its concentration alone may be the same package.
    return [each for each in found if each.parts.quantity is None or _has(each.parts.quantity, said)]


def _has(quantity: Strength | None, said: Sequence[Strength]) -> bool:
    return quantity is not None and any(quantity.fits(each) for each in said)


def _by_hours(found: list[Candidate], mention: Mention) -> list[Candidate]:
    said = [each.value for each in mention.quantities if each.kind == "hr"]
    if said:
        return _prefer(found, lambda each: each.parts.hours in said)
    return found


def same_salt(drug: Candidate, salts: dict[str, str]) -> bool:
    return all(salts_fit(salts.get(base, ""), salt) for base, salt, _ in drug.by_base)
