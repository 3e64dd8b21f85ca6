"""What patients are told about forms of their clinic: that one waits, or was read. Never which form."""

from __future__ import annotations

from notifications.template import Template, Text
from notifications.types import Kind

_WHERE = frozenset({"path"})
_ASKING = frozenset({"form.asked", "form.asked-again"})


def _template(code: str, *, en: Text, es: Text) -> Template:
    return Template(
        code=code, kind=Kind.MESSAGES, required=_WHERE, supersedes=_ASKING, texts={"en": en, "es": es}
    )


FORM_TEMPLATES = (
    _template(
        "form.asked",
        en=Text(
            subject="Your clinic asks you to fill in a form",
            lines=("Your clinic has a form for you.", "It takes a few minutes, also on a phone."),
            action="Fill in the form",
        ),
        es=Text(
            subject="Su clínica le pide llenar un formulario",
            lines=(
                "Su clínica tiene un formulario para usted.",
                "Toma unos minutos, también en un teléfono.",
            ),
            action="Llenar el formulario",
        ),
    ),
    _template(
        "form.asked-again",
        en=Text(
            subject="Your clinic has a question about your form",
            lines=(
                "Something in the form that you sent is missing or unclear.",
                "Sign in to read what your clinic asks. What you answered is still there.",
            ),
            action="Look at the form",
        ),
        es=Text(
            subject="Su clínica tiene una pregunta sobre su formulario",
            lines=(
                "Algo falta o no está claro en el formulario que envió.",
                "Inicie sesión para leer lo que pregunta su clínica. Sus respuestas siguen ahí.",
            ),
            action="Ver el formulario",
        ),
    ),
    _template(
        "form.seen",
        en=Text(
            subject="Your clinic has read your form",
            lines=("Your clinic has read the form that you sent.", "There is nothing more to do."),
            action="See your form",
        ),
        es=Text(
            subject="Su clínica leyó su formulario",
            lines=("Su clínica leyó el formulario que usted envió.", "No tiene que hacer nada más."),
            action="Ver su formulario",
        ),
    ),
)
