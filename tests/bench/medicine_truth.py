"""A set of statements from several sources of which the truth is known: how many doubles go, what is wrongly
joined. Made from the drugs of the release in use, written as each kind of source writes.

The mixture: of each patient's medicines two to five sources speak. Three in a hundred statements name only
the ingredient (nobody could tell which product is meant), and one patient in ten takes two strengths of one
drug, or two drugs whose names are alike, where joining what belongs apart is easiest. Patients and clinicians
also name brands; some drugs are on the list as a brand alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from medications import lines, reading, settling
from medications.types import IncomingStatement, Source
from steadwell.ids import PersonId, new_id
from steadwell.terminology import service as terminology

SAID_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_LETTERS = "abcdefghijklmnoprstvz"
_SHORT = {"Tablet": "tab", "Capsule": "cap", "Oral ": "", "Solution": "soln", "Delayed Release": "DR",
          "Extended Release": "ER"}  # fmt: skip
_SOURCES = (Source.EHR_A, Source.EHR_B, Source.PHARMACY, Source.PATIENT, Source.CLINICIAN)
_SOMEBODY = PersonId(UUID(int=1))
INGREDIENT_ALONE = 0.03
TYPING_ERROR = 0.05
BRANDED = 0.3  # of what patients and clinicians say about a drug with a brand
_BY_BRAND = {Source.PATIENT, Source.CLINICIAN}


@dataclass(frozen=True, slots=True)
class Said:
    """One statement with what it is truly about; ``named``: it says which product, not just what is in it."""

    source: Source
    text: str
    rxcui: str
    truth: str
    named: bool = True


@dataclass(slots=True)
class Measured:
    """``doubles`` are statements beyond the first about each drug, ``left`` lines beyond what should be.

    ``unnamed`` are statements that name only an ingredient; ``proposed`` those whose right line stands
    among the few that a person is asked about. ``offered`` are statements with one line alone that they may
    belong to, which one decision a patient puts together; ``offered_wrong`` those of another drug, which are
    left for the person who looks to leave out.
    """

    statements: int = 0
    doubles: int = 0
    left: int = 0
    wrong: int = 0
    unnamed: int = 0
    unnamed_left: int = 0
    proposed: int = 0
    offered: int = 0
    offered_wrong: int = 0

    @property
    def removed(self) -> float:
        """Of a hundred doubles, how many are gone from the list by themselves."""
        return 100 * (1 - self.left / self.doubles) if self.doubles else 100.0

    @property
    def removed_with_a_decision(self) -> float:
        """Of a hundred doubles, how many are gone once a person has put together what was offered at once."""
        left = self.left - (self.offered - self.offered_wrong)
        return 100 * (1 - left / self.doubles) if self.doubles else 100.0

    @property
    def removed_of_named(self) -> float:
        """The same of those that name a product."""
        doubles = self.doubles - self.unnamed_left
        return 100 * (1 - (self.left - self.unnamed_left) / doubles) if doubles else 100.0


def drugs() -> list[terminology.Drug]:
    """Clinical drugs of the release, each once, in a fixed order."""
    found: dict[str, terminology.Drug] = {}
    for one in _LETTERS:
        for other in "aeiouhlrty":
            for drug in terminology.suggest_drugs(one + other, 50):
                for known in (drug, terminology.find_drug(drug.clinical_drug)):
                    if known is not None and _is_one_drug(known):
                        found[known.rxcui] = known
            for drug in terminology.suggest_drugs(one + other, 50):
                if drug.term_type in {"IN", "BN"}:
                    for product in terminology.suggest_drugs(drug.name + " ", 50):
                        plain = terminology.find_drug(product.clinical_drug)
                        for each in (product, plain):
                            if each is not None and _is_one_drug(each):
                                found[each.rxcui] = each
    return [found[rxcui] for rxcui in sorted(found)]


def _is_one_drug(drug: terminology.Drug) -> bool:
    """A clinical drug, or a branded one whose unbranded drug is not on the list."""
    return drug.term_type == "SCD" or (drug.term_type == "SBD" and not drug.clinical_drug)


def patients(count: int, *, known: Sequence[terminology.Drug], seed: int = 7) -> Iterator[list[Said]]:
    made = random.Random(seed)
    alike: dict[tuple[str, ...], list[terminology.Drug]] = {}
    for drug in known:
        alike.setdefault(tuple(each.name for each in drug.ingredients), []).append(drug)
    for _ in range(count):
        taken = made.sample(list(known), k=made.randint(2, 7))
        if made.random() < 0.1:
            siblings = alike[tuple(each.name for each in taken[0].ingredients)]
            taken += [each for each in siblings[:3] if each not in taken]
        said: list[Said] = []
        for drug in taken:
            for source in made.sample(_SOURCES, k=made.randint(2, 5)):
                said.append(_say(drug, source, made))
        yield said


def _say(drug: terminology.Drug, source: Source, made: random.Random) -> Said:
    if made.random() < INGREDIENT_ALONE:
        return Said(source, " / ".join(each.name for each in drug.ingredients), "", drug.rxcui, False)
    text = _STYLES[source](drug, made)
    if source in _BY_BRAND and drug.term_type == "SCD" and drug.brand_names and made.random() < BRANDED:
        text = f"{made.choice(drug.brand_names)} {drug.strength} {drug.dose_form.lower()}"
    if source is Source.PATIENT and made.random() < 0.5:
        return Said(source, drug.name, drug.rxcui, drug.rxcui)  # chosen from the suggestions
    if source in {Source.PATIENT, Source.CLINICIAN} and made.random() < TYPING_ERROR:
        text = _mistyped(text, made)
    return Said(source, text, "", drug.rxcui)


def _official(drug: terminology.Drug, made: random.Random) -> str:
    return drug.name


def _shortened(drug: terminology.Drug, made: random.Random) -> str:
    text = drug.name
    for word, short in _SHORT.items():
        text = text.replace(word, short)
    return text.replace(" MG", "mg") if made.random() < 0.5 else text


def _dispensed(drug: terminology.Drug, made: random.Random) -> str:
    return f"{drug.name.upper()} ({made.choice((30, 60, 90))} CT)"


def _typed(drug: terminology.Drug, made: random.Random) -> str:
    return drug.name.lower().replace("oral ", "")


_STYLES: dict[Source, Callable[[terminology.Drug, random.Random], str]] = {
    Source.EHR_A: _official, Source.EHR_B: _shortened, Source.PHARMACY: _dispensed, Source.PATIENT: _typed,
    Source.CLINICIAN: _shortened,
}  # fmt: skip


def _mistyped(text: str, made: random.Random) -> str:
    """Two letters of the first word change places, or one goes."""
    end = text.find(" ") if " " in text else len(text)
    if end < 6:
        return text
    place = made.randrange(2, end - 2)
    if made.random() < 0.5:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + text[place + 1 :]


def measure(said_of: Iterator[list[Said]]) -> Measured:
    """Read and settle each patient's statements as the product does, and hold them against the truth."""
    found = Measured()
    for said in said_of:
        truths, words = {}, []
        for number, each in enumerate(said):
            word = _word(each, number)
            truths[word.statement_id] = each
            words.append(word)
        settled = settling.settle(_SOMEBODY, words, {})
        true = {each.truth for each in said}
        found.statements += len(said)
        found.doubles += len(said) - len(true)
        found.left += len(settled) - len(true)
        for line in settled:
            found.wrong += _is_wrong(line, truths)
        _count_unnamed(found, settled, truths)
        _count_offered(found, settled, truths)
    return found


def _is_wrong(line: settling.Settled, truths: dict[UUID, Said]) -> bool:
    """Two drugs on one line, or a line that is not the drug its statement is about."""
    about = {truths[word.statement_id].truth for word in line.words}
    return len(about) > 1 or (line.key.startswith("C:") and about != {line.rxcui})


def _count_unnamed(found: Measured, settled: list[settling.Settled], truths: dict[UUID, Said]) -> None:
    by_key = {
        f"C:{each.truth}": settling.line_id_of(_SOMEBODY, f"C:{each.truth}") for each in truths.values()
    }
    there = {line.key for line in settled}
    for line in settled:
        said = truths[line.words[0].statement_id]
        if line.key.startswith("C:") or said.named:
            continue
        found.unnamed += 1
        if f"C:{said.truth}" in there:
            found.unnamed_left += 1
            found.proposed += by_key[f"C:{said.truth}"] in line.possible


def _count_offered(found: Measured, settled: list[settling.Settled], truths: dict[UUID, Said]) -> None:
    """As the clinic's page offers them: where one line with a drug fits, and no other."""
    named = {line.line_id: line for line in settled if line.key.startswith("C:")}
    for line in settled:
        fits = [named[each] for each in line.possible if each in named]
        if line.line_id not in named and len(fits) == 1:
            found.offered += 1
            found.offered_wrong += fits[0].key != f"C:{truths[line.words[0].statement_id].truth}"


def _word(said: Said, number: int) -> settling.Word:
    statement_id = new_id()
    incoming = IncomingStatement(
        source=said.source, system=said.source.value, external_id=str(number), drug_text=said.text,
        rxcui=said.rxcui, status_word="active", dosage_text="Take 1 tablet daily", said_at=SAID_AT,
    )  # fmt: skip
    row = reading.statement_columns(statement_id, incoming)
    return lines.word_of(
        {**row, "id": statement_id, "kind": incoming.kind.value, "source": said.source.value, "site_id": None}
    )


def everything_said(count: int) -> list[str]:
    """Strings for the speed of reading, each once."""
    known = drugs()
    found = {each.text for said in patients(count, known=known, seed=11) for each in said}
    return sorted(found)
