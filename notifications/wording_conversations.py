"""What patients are told about conversations: that there is an answer. Never what about, nor what it says."""

from __future__ import annotations

from notifications.template import Template, Text
from notifications.types import Kind

_WHERE = frozenset({"path"})
_EARLIER = frozenset({"conversation.answered"})


def _template(code: str, *, en: Text, es: Text) -> Template:
    return Template(
        code=code, kind=Kind.MESSAGES, required=_WHERE, supersedes=_EARLIER, texts={"en": en, "es": es}
    )


CONVERSATION_TEMPLATES = (
    _template(
        "conversation.answered",
        en=Text(
            subject="Your care team answered you",
            lines=("There is an answer to what you wrote. Sign in to read it.",),
            action="Read the answer",
        ),
        es=Text(
            subject="Su equipo de atención le respondió",
            lines=("Hay una respuesta a lo que usted escribió. Inicie sesión para leerla.",),
            action="Leer la respuesta",
        ),
    ),
    _template(
        "conversation.closed",
        en=Text(
            subject="Your care team closed a conversation",
            lines=(
                "Your care team closed a conversation with you and says why. Sign in to read it.",
                "If you still need something, write again: that opens it.",
            ),
            action="Read why",
        ),
        es=Text(
            subject="Su equipo de atención cerró una conversación",
            lines=(
                "Su equipo de atención cerró una conversación con usted y explica por qué."
                " Inicie sesión para leerlo.",
                "Si todavía necesita algo, escriba de nuevo: así se vuelve a abrir.",
            ),
            action="Leer por qué",
        ),
    ),
)
