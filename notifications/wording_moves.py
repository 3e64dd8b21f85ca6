"""What is told about a move that a patient asked for, at a clinic that confirms each time itself."""

from __future__ import annotations

from notifications.template import Template, Text

_ASKED = frozenset({"starts_at", "asked_starts_at", "zone"})


def _template(code: str, *, en: Text, es: Text) -> Template:
    """The visit stands, and so does what was said about it; only the news of the request is out of date."""
    return Template(
        code=code,
        texts={"en": en, "es": es},
        required=_ASKED,
        supersedes=frozenset({"visit.move-requested"}),
        must_reach=code in {"visit.move-declined", "visit.move-unanswered"},
    )


MOVE_TEMPLATES = (
    _template(
        "visit.move-requested",
        en=Text(
            subject="We have asked the clinic to move your visit",
            lines=(
                "You asked to move your visit to {asked_moment}.",
                "Until the clinic answers you keep your visit on {moment}.",
                "Where: {place}",
            ),
            action="See your visit",
        ),
        es=Text(
            subject="Pedimos a la clínica que cambie su cita",
            lines=(
                "Usted pidió cambiar su cita al {asked_moment}.",
                "Hasta que la clínica responda, conserva su cita del {moment}.",
                "Lugar: {place}",
            ),
            action="Ver su cita",
        ),
    ),
    _template(
        "visit.move-declined",
        en=Text(
            subject="Your visit stays on {day}",
            lines=(
                "The clinic could not move your visit to {asked_moment}.",
                "Your visit stays on {moment}.",
                "Where: {place}",
            ),
            action="See your visit",
        ),
        es=Text(
            subject="Su cita sigue siendo el {day}",
            lines=(
                "La clínica no pudo cambiar su cita al {asked_moment}.",
                "Su cita sigue siendo el {moment}.",
                "Lugar: {place}",
            ),
            action="Ver su cita",
        ),
    ),
    _template(
        "visit.move-unanswered",
        en=Text(
            subject="Your visit stays on {day}",
            lines=(
                "We are sorry: the clinic did not say in time if you can come on {asked_moment} instead.",
                "Your visit stays on {moment}.",
                "Where: {place}",
                "You can ask for another time in the portal, or call the clinic.",
            ),
            action="See your visit",
        ),
        es=Text(
            subject="Su cita sigue siendo el {day}",
            lines=(
                "Lo sentimos: la clínica no dijo a tiempo si puede venir el {asked_moment} en su lugar.",
                "Su cita sigue siendo el {moment}.",
                "Lugar: {place}",
                "Puede pedir otro horario en el portal o llamar a la clínica.",
            ),
            action="Ver su cita",
        ),
    ),
    _template(
        "visit.move-ended",
        en=Text(
            subject="Your visit stays on {day}",
            lines=(
                "Your visit stays on {moment}.",
                "The other time you asked for, {asked_moment}, is not kept for you any more.",
                "Where: {place}",
            ),
            action="See your visit",
        ),
        es=Text(
            subject="Su cita sigue siendo el {day}",
            lines=(
                "Su cita sigue siendo el {moment}.",
                "El otro horario que pidió, {asked_moment}, ya no está guardado para usted.",
                "Lugar: {place}",
            ),
            action="Ver su cita",
        ),
    ),
)
