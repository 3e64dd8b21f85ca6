"""What staff are told by mail: that something waits at a clinic, and never what or about whom."""

from __future__ import annotations

from notifications.template import Template, Text

_WHERE = frozenset({"path"})

STAFF_TEMPLATES = (
    Template(
        code="staff.critical-result",
        required=_WHERE,
        texts={
            "en": Text(
                subject="Please act now: a result waits for you",
                lines=(
                    "A result needs a clinician at once, and nobody has confirmed it yet.",
                    "Where: {place}",
                    "Open it, read the value and confirm it.",
                ),
                action="Open it now",
            ),
            "es": Text(
                subject="Actúe ahora: un resultado le espera",
                lines=(
                    "Un resultado necesita de inmediato a un profesional y nadie lo ha confirmado todavía.",
                    "Lugar: {place}",
                    "Ábralo, lea el valor y confírmelo.",
                ),
                action="Abrirlo ahora",
            ),
        },
    ),
    Template(
        code="staff.unread-result",
        required=_WHERE,
        texts={
            "en": Text(
                subject="A result was not read in time",
                lines=(
                    "A result has waited for longer than your clinic allows.",
                    "Where: {place}",
                    "Please see that somebody reads it.",
                ),
                action="See what waits",
            ),
            "es": Text(
                subject="Un resultado no se leyó a tiempo",
                lines=(
                    "Un resultado ha esperado más de lo que su clínica permite.",
                    "Lugar: {place}",
                    "Procure que alguien lo lea.",
                ),
                action="Ver lo que espera",
            ),
        },
    ),
)
