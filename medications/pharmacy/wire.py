"""The messages, in the shape of NCPDP SCRIPT as JSON: NewRx out; Status, Error and RxFill back.

Header: To, From, MessageID, RelatesToMessageID, SentTime. A message that is sent again keeps its
MessageID, so that a pharmacy that had it already makes nothing of it twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from medications.models import Refill
from medications.types import RefillState
from steadwell.identity.service import PersonSummary

SENDER = "steadwell"
# SCRIPT status codes: 000 taken into the mailbox of the receiver, 010 accepted by the receiver itself.
TAKEN, ACCEPTED = "000", "010"
_LONGEST = 500


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
    try:
        header, body = message["Message"]["Header"], message["Message"]["Body"]
        wire_id, relates_to = str(header["MessageID"])[:100], str(header.get("RelatesToMessageID", ""))[:100]
        kind, content = next(iter(body.items()))
    except (KeyError, TypeError, AttributeError, StopIteration) as error:
        raise NotUnderstood("no-header-or-body") from error
    if not wire_id or not isinstance(content, Mapping):
        raise NotUnderstood("no-message-id")
    state, reason = _meaning(kind, content)
    return Answer(
        wire_id=wire_id, relates_to=relates_to, kind=kind[:30], state=state, reason=reason[:_LONGEST]
    )


def _meaning(kind: str, content: Mapping[str, Any]) -> tuple[RefillState | None, str]:
    if kind == "Status":
        return (RefillState.ACCEPTED if content.get("Code") == ACCEPTED else None), ""
    if kind == "Error":
        return RefillState.PHARMACY_REFUSED, str(content.get("Description", ""))
    if kind == "RxFill":
        status = content.get("FillStatus", {})
        if "NotDispensed" in status:
            return RefillState.PHARMACY_REFUSED, str((status["NotDispensed"] or {}).get("Note", ""))
        if "Dispensed" in status or "PartiallyDispensed" in status:
            return RefillState.FILLED, ""
    raise NotUnderstood(f"unknown-{kind[:20].lower()}")


def is_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
