"""What a resource says of a medicine, in the words that medications takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from fhir_facade.fhir_json import mapping, mappings, text_of
from fhir_facade.server.access import Access
from fhir_facade.server.dosages import amount_words, dosage_words
from fhir_facade.server.elements import RXNORM
from fhir_facade.server.outcome import failed
from fhir_facade.server.registry import registry
from fhir_facade.server.search import running
from fhir_facade.server.search.matching import named
from fhir_facade.server.wire import Resource

_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    text: str
    rxcui: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a resource says, as medications takes it."""

    drug: Drug
    status: str
    dosage: str
    started_on: date | None
    ended_on: date | None
    reason: str
    prescriber: str = ""
    quantity: str = ""
    repeats: int | None = None


def concept_words(concept: Any, *, at: str) -> Drug:
    """The words of a coded drug or substance, and RxNorm's code where it is given."""
    codings = mappings(mapping(concept).get("coding"))
    rxnorm = next((each for each in codings if each.get("system") == RXNORM and each.get("code")), {})
    names = (text_of(each.get("display")) for each in (rxnorm, *codings))
    text = text_of(mapping(concept).get("text")) or next((name for name in names if name), "")
    text = text.strip() or next((text_of(each.get("code")) for each in (rxnorm, *codings)), "").strip()
    if not text:
        raise failed(422, "required", "It needs a name or a code.", at=at)
    if len(text) > _LONGEST or len(text_of(rxnorm.get("code"))) > 20:
        raise failed(422, "too-long", f"A name has at most {_LONGEST} characters here.", at=at)
    return Drug(text=text, rxcui=text_of(rxnorm.get("code")))


def day_of(value: Any) -> date | None:
    """A whole day; a year or a month is none, and stays in the document."""
    text = text_of(value)[:10]
    return date.fromisoformat(text) if len(text) == 10 else None


def first_words(concepts: Any) -> str:
    for each in mappings(concepts):
        found = text_of(each.get("text")) or next(
            (text for c in mappings(each.get("coding")) if (text := text_of(c.get("display")))), ""
        )
        if found:
            return found[:300]
    return ""


def _drug(access: Access, said: Resource) -> Drug:
    kind = said["resourceType"]
    if "medicationCodeableConcept" in said:
        at = f"{kind}.medicationCodeableConcept"
        return concept_words(said["medicationCodeableConcept"], at=at)
    at = f"{kind}.medicationReference"
    return concept_words(_medication(access, said, at).get("code"), at=at)


def _medication(access: Access, said: Resource, at: str) -> Resource:
    name = text_of(mapping(said.get("medicationReference")).get("reference"))
    if name.startswith("#"):
        inner = (each for each in mappings(said.get("contained")) if each.get("id") == name[1:])
        return next((each for each in inner if each.get("resourceType") == "Medication"), {})
    kind, key = named(name.split("/_history/")[0], base=access.base)
    definition = registry().find("Medication")
    found = None
    if kind == "Medication" and definition is not None and access.rules(kind, "r"):
        found = running.read(access, definition, key)
    if found is None:
        raise failed(422, "not-found", "There is no such Medication.", at=at)
    return found.resource


def statement_words(access: Access, said: Resource) -> Words:
    period = mapping(said.get("effectivePeriod"))
    return Words(
        drug=_drug(access, said), status=said["status"],
        dosage=_dosage(said.get("dosage"), "MedicationStatement.dosage"),
        started_on=day_of(said.get("effectiveDateTime")) or day_of(period.get("start")),
        ended_on=day_of(period.get("end")), reason=first_words(said.get("reasonCode")),
    )  # fmt: skip


def order_words(access: Access, said: Resource) -> Words:
    if said["intent"] != "order":
        raise failed(
            422, "business-rule", "Orders are kept here. What is only planned or proposed is none.",
            at="MedicationRequest.intent",
        )  # fmt: skip
    dispense = mapping(said.get("dispenseRequest"))
    return Words(
        drug=_drug(access, said), status=said["status"],
        dosage=_dosage(said.get("dosageInstruction"), "MedicationRequest.dosageInstruction"),
        started_on=day_of(said.get("authoredOn")), ended_on=None,
        reason=first_words(said.get("reasonCode")),
        prescriber=text_of(mapping(said.get("requester")).get("display"))[:200],
        quantity=amount_words(mapping(dispense.get("quantity")))[:60],
        repeats=_repeats(dispense.get("numberOfRepeatsAllowed")),
    )  # fmt: skip


def _repeats(value: Any) -> int | None:
    if isinstance(value, int) and not 0 <= value <= 99:
        raise failed(
            422, "value", "At most 99 repeats are kept here.",
            at="MedicationRequest.dispenseRequest.numberOfRepeatsAllowed",
        )  # fmt: skip
    return value if isinstance(value, int) else None


def _dosage(said: Any, at: str) -> str:
    """Never cut: half a dosage is another one."""
    words = dosage_words(mappings(said))
    if len(words) > _LONGEST:
        raise failed(422, "too-long", f"A dosage has at most {_LONGEST} characters here.", at=at)
    return words
