"""What patients are told about results: that there is one, or that one changed. Never what, of which test."""

from __future__ import annotations

from notifications.template import Template, Text
from notifications.types import Kind

_WHERE = frozenset({"path"})

RESULT_TEMPLATES = (
    Template(
        code="result.ready",
        kind=Kind.RESULTS,
        required=_WHERE,
        texts={
            "en": Text(
                subject="You have a new result",
                lines=(
                    "A result is ready for you to read.",
                    "Sign in to see it, with an explanation and what your clinic says about it.",
                ),
                action="See the result",
            ),
            "es": Text(
                subject="Tiene un resultado nuevo",
                lines=(
                    "Un resultado está listo para que lo lea.",
                    "Inicie sesión para verlo, con una explicación y lo que dice su clínica.",
                ),
                action="Ver el resultado",
            ),
        },
    ),
    Template(
        code="result.corrected",
        kind=Kind.RESULTS,
        required=_WHERE,
        supersedes=frozenset({"result.ready"}),
        texts={
            "en": Text(
                subject="A result that you have seen was corrected",
                lines=(
                    "The laboratory corrected a result that was opened here before.",
                    "Please read it again: the page shows what it said before and what it says now.",
                    "Your clinic was told as well.",
                ),
                action="See what changed",
            ),
            "es": Text(
                subject="Se corrigió un resultado que ya había visto",
                lines=(
                    "El laboratorio corrigió un resultado que se había abierto aquí.",
                    "Léalo de nuevo: la página muestra lo que decía antes y lo que dice ahora.",
                    "También se avisó a su clínica.",
                ),
                action="Ver qué cambió",
            ),
        },
    ),
    Template(
        code="result.comment",
        kind=Kind.RESULTS,
        required=_WHERE,
        texts={
            "en": Text(
                subject="Your clinician wrote to you about a result",
                lines=(
                    "There is something new to read with one of your results.",
                    "Sign in to see it.",
                ),
                action="Read it",
            ),
            "es": Text(
                subject="Su profesional le escribió sobre un resultado",
                lines=(
                    "Hay algo nuevo que leer junto a uno de sus resultados.",
                    "Inicie sesión para verlo.",
                ),
                action="Leerlo",
            ),
        },
    ),
)
