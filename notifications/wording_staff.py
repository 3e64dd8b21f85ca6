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
    Template(
        code="staff.overdue-request",
        required=_WHERE,
        texts={
            "en": Text(
                subject="A request waits for your clinic's answer",
                lines=(
                    "A patient asked for a visit and has waited longer than your clinic allows.",
                    "Where: {place}",
                    "Please say yes or no. Without an answer the request ends by itself.",
                ),
                action="See the requests",
            ),
            "es": Text(
                subject="Una solicitud espera la respuesta de su clínica",
                lines=(
                    "Un paciente pidió una cita y ha esperado más de lo que su clínica permite.",
                    "Lugar: {place}",
                    "Por favor, acepte o rechace. Sin respuesta, la solicitud termina por sí sola.",
                ),
                action="Ver las solicitudes",
            ),
        },
    ),
)
