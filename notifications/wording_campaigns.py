"""Invitations of the clinic: that it is time to come, and for what only where it is for everybody."""

from __future__ import annotations

from notifications.template import Template, Text
from notifications.types import Kind

_WHERE = frozenset({"path"})
PREFIX = "campaign."


def _template(code: str, *, en: Text, es: Text) -> Template:
    return Template(code=code, kind=Kind.CAMPAIGNS, required=_WHERE, texts={"en": en, "es": es})


CAMPAIGN_TEMPLATES = (
    _template(
        "campaign.flu-shot",
        en=Text(
            subject="It is time for a flu shot",
            lines=(
                "Flu season is coming, and your clinic has shots for everybody.",
                "You can choose a time that suits you in the portal.",
            ),
            action="Choose a time",
        ),
        es=Text(
            subject="Es hora de vacunarse contra la gripe",
            lines=(
                "Llega la temporada de gripe y su clínica tiene vacunas para todos.",
                "En el portal puede elegir el horario que le convenga.",
            ),
            action="Elegir un horario",
        ),
    ),
    _template(
        "campaign.check-up",
        en=Text(
            subject="It is time for a check-up",
            lines=(
                "We have not seen you for a while.",
                "You can choose a time that suits you in the portal.",
            ),
            action="Choose a time",
        ),
        es=Text(
            subject="Es hora de una revisión",
            lines=(
                "Hace tiempo que no le vemos.",
                "En el portal puede elegir el horario que le convenga.",
            ),
            action="Elegir un horario",
        ),
    ),
    _template(
        "campaign.recall",
        en=Text(
            subject="Please come to see us again",
            lines=(
                "Your clinic would like to see you again.",
                "You can choose a time that suits you in the portal, or call the clinic.",
            ),
            action="Choose a time",
        ),
        es=Text(
            subject="Le invitamos a volver a vernos",
            lines=(
                "A su clínica le gustaría verle de nuevo.",
                "En el portal puede elegir el horario que le convenga, o llamar a la clínica.",
            ),
            action="Elegir un horario",
        ),
    ),
)
