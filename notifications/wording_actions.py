"""What a patient is told when something they asked for did not end in time: that it is not done."""

from __future__ import annotations

from notifications.template import Template, Text
from notifications.types import Kind

ACTION_TEMPLATES = (
    Template(
        code="action.not-done",
        kind=Kind.SAFETY,
        required=frozenset({"starts_at", "zone"}),
        texts={
            "en": Text(
                subject="Something you asked for is not done yet",
                lines=(
                    "You asked us for something on {moment}, and it is not done.",
                    "You need not ask again: the clinic has been told and looks after it.",
                    "If it cannot wait, please call the clinic.",
                ),
                action="See your portal",
            ),
            "es": Text(
                subject="Algo que usted pidió todavía no está hecho",
                lines=(
                    "Usted nos pidió algo el {moment} y no está hecho.",
                    "No hace falta que lo pida otra vez: la clínica ha sido avisada y se ocupa de ello.",
                    "Si no puede esperar, llame a la clínica.",
                ),
                action="Ver su portal",
            ),
        },
    ),
)
