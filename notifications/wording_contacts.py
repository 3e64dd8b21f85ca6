"""What is said to a reader, about no patient: a code for an address, and the news of a day together."""

from __future__ import annotations

from notifications.template import Template, Text
from notifications.types import Kind

CONTACT_TEMPLATES = (
    Template(
        code="contact.code",
        kind=Kind.SAFETY,
        required=frozenset({"code"}),
        texts={
            "en": Text(
                subject="Your code is {code}",
                lines=("Your Steadwell code is {code}.", "It is good for 15 minutes. Tell it to nobody."),
                action="Enter the code",
            ),
            "es": Text(
                subject="Su código es {code}",
                lines=("Su código de Steadwell es {code}.", "Vale 15 minutos. No se lo diga a nadie."),
                action="Escribir el código",
            ),
        },
    ),
    Template(
        code="digest.daily",
        required=frozenset({"count", "path"}),
        texts={
            "en": Text(
                subject="You have {count} new messages",
                lines=("{count} messages came for you today.", "Sign in to read them."),
                action="Read them",
            ),
            "es": Text(
                subject="Tiene {count} mensajes nuevos",
                lines=("Hoy llegaron {count} mensajes para usted.", "Inicie sesión para leerlos."),
                action="Leerlos",
            ),
        },
    ),
)
