"""What patients and staff are told about medicines: that something moved or waits. Never which medicine."""

from __future__ import annotations

from notifications.template import Template, Text
from notifications.types import Kind

_WHERE = frozenset({"path"})
_EARLIER = frozenset({"refill.sent", "refill.delayed"})


def _patient(code: str, *, en: Text, es: Text, supersedes: frozenset[str] = frozenset()) -> Template:
    return Template(
        code=code, kind=Kind.MEDICATIONS, required=_WHERE, supersedes=supersedes, texts={"en": en, "es": es}
    )


MEDICINE_TEMPLATES = (
    _patient(
        "refill.sent",
        en=Text(
            subject="Your clinic said yes to your refill",
            lines=("Your refill was approved and goes to your pharmacy.", "We tell you when it is ready."),
            action="See your refill",
        ),
        es=Text(
            subject="Su clínica aprobó su resurtido",
            lines=("Su resurtido fue aprobado y va a su farmacia.", "Le avisaremos cuando esté listo."),
            action="Ver su resurtido",
        ),
    ),
    _patient(
        "refill.ready",
        supersedes=_EARLIER,
        en=Text(
            subject="Your refill is ready",
            lines=("Your pharmacy says that your refill is ready.",),
            action="See your refill",
        ),
        es=Text(
            subject="Su resurtido está listo",
            lines=("Su farmacia dice que su resurtido está listo.",),
            action="Ver su resurtido",
        ),
    ),
    _patient(
        "refill.declined",
        supersedes=_EARLIER,
        en=Text(
            subject="Your clinic answered about your refill",
            lines=("Your refill was not approved. Sign in to read why, and what to do now.",),
            action="Read the answer",
        ),
        es=Text(
            subject="Su clínica respondió sobre su resurtido",
            lines=("Su resurtido no fue aprobado. Inicie sesión para leer por qué y qué hacer ahora.",),
            action="Leer la respuesta",
        ),
    ),
    _patient(
        "refill.delayed",
        supersedes=frozenset({"refill.sent"}),
        en=Text(
            subject="Your refill is delayed",
            lines=(
                "Your pharmacy has not confirmed your refill.",
                "Your clinic was told and looks after it. If you are about to run out, call your clinic.",
            ),
            action="See your refill",
        ),
        es=Text(
            subject="Su resurtido se ha retrasado",
            lines=(
                "Su farmacia no ha confirmado su resurtido.",
                "Se avisó a su clínica. Si está por quedarse sin medicina, llame a su clínica.",
            ),
            action="Ver su resurtido",
        ),
    ),
    _patient(
        "medicine.reminder",
        en=Text(
            subject="A reminder that you asked for",
            lines=("It is time for what you wanted to be reminded of.",),
            action="Open your diary",
        ),
        es=Text(
            subject="Un recordatorio que usted pidió",
            lines=("Es hora de lo que quería que le recordáramos.",),
            action="Abrir su diario",
        ),
    ),
    Template(
        code="staff.refill-waits",
        required=_WHERE,
        texts={
            "en": Text(
                subject="A refill did not reach its pharmacy",
                lines=(
                    "A pharmacy refused a refill of your clinic, or did not answer.",
                    "Where: {place}",
                    "Please send it elsewhere, call the pharmacy, or tell the patient.",
                ),
                action="See the refills",
            ),
            "es": Text(
                subject="Un resurtido no llegó a su farmacia",
                lines=(
                    "Una farmacia rechazó un resurtido de su clínica o no respondió.",
                    "Lugar: {place}",
                    "Envíelo a otra, llame a la farmacia o avise al paciente.",
                ),
                action="Ver los resurtidos",
            ),
        },
    ),
)
