"""The messages, in the shape of NCPDP SCRIPT as JSON: NewRx out; Status, Error and RxFill back.

Header: To, From, MessageID, RelatesToMessageID, SentTime. A message that is sent again keeps its
MessageID, so that a pharmacy that had it already makes nothing of it twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any
from uuid import UUID

from medications.models import Refill
from medications.types import RefillState
from steadwell.identity.service import PersonSummary

SENDER = "steadwell"
# SCRIPT status codes: 000 taken into the mailbox of the receiver, 010 accepted by the receiver itself.
TAKEN, ACCEPTED = "000", "010"
_LONGEST = 500
RXNORM = frozenset({"RXNORM", "SCD", "SBD", "GPK", "BPK"})  # SCRIPT's qualifiers of RxNorm's codes
_DEEPEST = 20


class NotUnderstood(Exception):
    """A message that has not the shape; ``cause`` is a code."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a message from a pharmacy says. ``state`` None: it was taken, and nothing is known yet."""

    wire_id: str
    relates_to: str
    kind: str
    state: RefillState | None
    reason: str
    dispensed: Dispensed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispensed:
    """What was handed out, in the pharmacy's words (MedicationDispensed): another strength or another drug,
    perhaps. Empty where it says nothing.
    """

    drug_text: str
    rxcui: str
    quantity_text: str
    dosage_text: str


def new_rx(refill: Refill, patient: PersonSummary, *, at: datetime) -> dict[str, Any]:
    """The message to the pharmacy. It goes to where the patient chose to be known by name."""
    pharmacy = refill.pharmacy
    return {
        "Message": {
            "Header": {
                "To": {"Qualifier": "P", "Value": pharmacy.ncpdp_id if pharmacy else ""},
                "From": {"Qualifier": "D", "Value": SENDER},
                "MessageID": str(refill.message_id),
                "SentTime": at.isoformat(),
                "PrescriberOrderNumber": str(refill.pk),
            },
            "Body": {
                "NewRx": {
                    "Patient": {
                        "HumanPatient": {
                            "Name": {"LastName": patient.family_name, "FirstName": patient.given_name},
                            "DateOfBirth": {
                                "Date": patient.birth_date.isoformat() if patient.birth_date else ""
                            },
                        }
                    },
                    "MedicationPrescribed": {
                        "DrugDescription": refill.name,
                        "DrugCoded": {"DrugDBCode": {"Code": refill.rxcui, "Qualifier": "RXNORM"}},
                        "Quantity": {"Value": refill.quantity_text},
                        "Sig": {"SigText": refill.dosage_text},
                    },
                }
            },
        }
    }


def read(message: Mapping[str, Any]) -> Answer:
    """Raises NotUnderstood for what has not the shape, or speaks of something else."""
    header, body = _part(message, "Message", "Header"), _part(message, "Message", "Body")
    if not header or not body:
        raise NotUnderstood("no-header-or-body")
    wire_id, relates_to = _text(header, "MessageID", 100), _text(header, "RelatesToMessageID", 100)
    kind, content = next(iter(body.items()))
    if not wire_id or not isinstance(content, Mapping):
        raise NotUnderstood("no-message-id")
    kind = kind.replace("\0", "")
    state, reason = _meaning(kind, content)
    return Answer(
        wire_id=wire_id, relates_to=relates_to, kind=kind[:30], state=state, reason=reason,
        dispensed=_dispensed(_part(content, "MedicationDispensed")) if state is RefillState.FILLED else None,
    )  # fmt: skip


def storable(message: object) -> dict[str, Any]:
    """A message as it can be kept: whatever came, an object, and without what Postgres cannot hold."""
    kept = _storable(message, 0)
    return kept if isinstance(kept, dict) else {"not-an-object": kept}


def _storable(value: object, depth: int) -> object:
    if depth > _DEEPEST:
        return "too deep"
    if isinstance(value, Mapping):
        return {str(key).replace("\0", ""): _storable(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_storable(each, depth + 1) for each in value]
    if isinstance(value, str):
        return value.replace("\0", "")
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def _meaning(kind: str, content: Mapping[str, Any]) -> tuple[RefillState | None, str]:
    if kind == "Status":
        return (RefillState.ACCEPTED if content.get("Code") == ACCEPTED else None), ""
    if kind == "Error":
        return RefillState.PHARMACY_REFUSED, _text(content, "Description")
    if kind == "RxFill":
        status = _part(content, "FillStatus")
        if "NotDispensed" in status:
            return RefillState.PHARMACY_REFUSED, _text(_part(status, "NotDispensed"), "Note")
        if "Dispensed" in status or "PartiallyDispensed" in status:
            return RefillState.FILLED, ""
    raise NotUnderstood(f"unknown-{kind[:20].lower()}")


def _dispensed(content: Mapping[str, Any]) -> Dispensed | None:
    drug_text = _text(content, "DrugDescription")
    code = _part(content, "DrugCoded", "DrugDBCode")
    return (
        Dispensed(
            drug_text=drug_text,
            rxcui=_text(code, "Code", 20) if _text(code, "Qualifier") in RXNORM else "",
            quantity_text=_text(_part(content, "Quantity"), "Value", 60),
            dosage_text=_text(_part(content, "Sig"), "SigText"),
        )
        if drug_text
        else None
    )


def _part(content: object, *path: str) -> Mapping[str, Any]:
    """What lies there, or nothing: a pharmacy's software may send anything."""
    for name in path:
        content = content.get(name) if isinstance(content, Mapping) else None
    return content if isinstance(content, Mapping) else {}


def _text(content: Mapping[str, Any], name: str, longest: int = _LONGEST) -> str:
    found = content.get(name)
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return ""
    return str(found).replace("\0", "").strip()[:longest]


def is_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
