"""The messages themselves, per language. A template can only say what its variables hold: times and places.

There is deliberately no variable for a name, a reason, a clinician or a kind of visit: what leaves the house
unsigned (a mail, a preview on a locked screen) cannot say more than that there is a visit, when and where.
"""

from __future__ import annotations

from collections.abc import Mapping

from notifications.template import Template, Text
from notifications.wording_actions import ACTION_TEMPLATES
from notifications.wording_campaigns import CAMPAIGN_TEMPLATES
from notifications.wording_contacts import CONTACT_TEMPLATES
from notifications.wording_conversations import CONVERSATION_TEMPLATES
from notifications.wording_forms import FORM_TEMPLATES
from notifications.wording_medicines import MEDICINE_TEMPLATES
from notifications.wording_moves import MOVE_TEMPLATES
from notifications.wording_results import RESULT_TEMPLATES
from notifications.wording_staff import STAFF_TEMPLATES

# What a sentence may contain, and which param it is made from.
VARIABLES: Mapping[str, str] = {
    "day": "starts_at",
    "moment": "starts_at",
    "old_moment": "old_starts_at",
    "asked_moment": "asked_starts_at",
    "place": "place",
    "count": "count",
    "code": "code",
}
# What a caller may pass. ``path`` is where the button leads inside the portal; ``zone`` belongs to the
# instants.
PARAMS = frozenset(
    {"starts_at", "old_starts_at", "asked_starts_at", "zone", "place", "path", "count", "code"}
)

_VISIT = frozenset({"starts_at", "zone"})
_ABOUT_A_TIME = frozenset(
    {
        "visit.booked",
        "visit.moved",
        "visit.moved-by-clinic",
        "visit.reminder",
        "visit.requested",
        "visit.alternatives",
        "visit.move-requested",
    }
)


def _template(
    code: str,
    *,
    en: Text,
    es: Text,
    required: frozenset[str] = _VISIT,
    expires: str = "",
    must_reach: bool = False,
) -> Template:
    # Whatever is said about a visit makes what was said before, and is still on its way, out of date.
    return Template(
        code=code, texts={"en": en, "es": es}, required=required, supersedes=_ABOUT_A_TIME, expires=expires,
        must_reach=must_reach,
    )  # fmt: skip


TEMPLATES: Mapping[str, Template] = {
    template.code: template
    for template in (
        _template(
            "visit.requested",
            en=Text(
                subject="We have your request for {day}",
                lines=(
                    "You asked for a visit on {moment}.",
                    "Where: {place}",
                    "The clinic will confirm it, and we will tell you as soon as it does.",
                ),
                action="See your request",
            ),
            es=Text(
                subject="Recibimos su solicitud para el {day}",
                lines=(
                    "Usted pidió una cita para el {moment}.",
                    "Lugar: {place}",
                    "La clínica la confirmará y le avisaremos en cuanto lo haga.",
                ),
                action="Ver su solicitud",
            ),
        ),
        _template(
            "visit.booked",
            en=Text(
                subject="Your visit on {day} is booked",
                lines=(
                    "Your visit is booked for {moment}.",
                    "Where: {place}",
                    "If you cannot come, please cancel or move it so that somebody else can have the time.",
                ),
                action="See your visit",
            ),
            es=Text(
                subject="Su cita del {day} está reservada",
                lines=(
                    "Su cita está reservada para el {moment}.",
                    "Lugar: {place}",
                    "Si no puede venir, cancélela o cámbiela para que otra persona pueda usar ese horario.",
                ),
                action="Ver su cita",
            ),
        ),
        _template(
            "visit.moved",
            required=_VISIT | {"old_starts_at"},
            en=Text(
                subject="Your visit is now on {day}",
                lines=("Your visit has moved to {moment}.", "It was on {old_moment}.", "Where: {place}"),
                action="See your visit",
            ),
            es=Text(
                subject="Su cita es ahora el {day}",
                lines=("Su cita se cambió al {moment}.", "Antes era el {old_moment}.", "Lugar: {place}"),
                action="Ver su cita",
            ),
        ),
        _template(
            "visit.moved-by-clinic",
            must_reach=True,
            required=_VISIT | {"old_starts_at"},
            en=Text(
                subject="The clinic moved your visit to {day}",
                lines=(
                    "The clinic had to move your visit to {moment}.",
                    "It was on {old_moment}.",
                    "Where: {place}",
                    "If the new time does not suit you, you can choose another one.",
                ),
                action="See your visit",
            ),
            es=Text(
                subject="La clínica cambió su cita al {day}",
                lines=(
                    "La clínica tuvo que cambiar su cita al {moment}.",
                    "Antes era el {old_moment}.",
                    "Lugar: {place}",
                    "Si el nuevo horario no le conviene, puede elegir otro.",
                ),
                action="Ver su cita",
            ),
        ),
        _template(
            "visit.cancelled",
            en=Text(
                subject="You cancelled your visit on {day}",
                lines=(
                    "You cancelled your visit on {moment}.",
                    "You can book another time whenever you like.",
                ),
                action="Book a visit",
            ),
            es=Text(
                subject="Usted canceló su cita del {day}",
                lines=("Usted canceló su cita del {moment}.", "Puede reservar otro horario cuando quiera."),
                action="Reservar una cita",
            ),
        ),
        _template(
            "visit.cancelled-by-clinic",
            must_reach=True,
            en=Text(
                subject="The clinic cancelled your visit on {day}",
                lines=(
                    "We are sorry: the clinic had to cancel your visit on {moment}.",
                    "You can book another time in the portal, or call the clinic.",
                ),
                action="Book a visit",
            ),
            es=Text(
                subject="La clínica canceló su cita del {day}",
                lines=(
                    "Lo sentimos: la clínica tuvo que cancelar su cita del {moment}.",
                    "Puede reservar otro horario en el portal o llamar a la clínica.",
                ),
                action="Reservar una cita",
            ),
        ),
        _template(
            "visit.declined",
            must_reach=True,
            en=Text(
                subject="Your request for {day} could not be met",
                lines=(
                    "The clinic could not offer you the visit on {moment}.",
                    "Please choose another time.",
                ),
                action="Choose another time",
            ),
            es=Text(
                subject="No fue posible su solicitud para el {day}",
                lines=(
                    "La clínica no pudo ofrecerle la cita del {moment}.",
                    "Por favor, elija otro horario.",
                ),
                action="Elegir otro horario",
            ),
        ),
        _template(
            "visit.unanswered",
            must_reach=True,
            en=Text(
                subject="No answer to your request for {day}",
                lines=(
                    "We are sorry: the clinic did not answer your request for {moment} in time.",
                    "That time is not kept for you any more. You do not need to do anything about it.",
                    "You can ask for another time in the portal, or call the clinic.",
                ),
                action="Find another time",
            ),
            es=Text(
                subject="Su solicitud para el {day} quedó sin respuesta",
                lines=(
                    "Lo sentimos: la clínica no respondió a tiempo a su solicitud para el {moment}.",
                    "Ese horario ya no está guardado para usted. No tiene que hacer nada al respecto.",
                    "Puede pedir otro horario en el portal o llamar a la clínica.",
                ),
                action="Buscar otro horario",
            ),
        ),
        _template(
            "visit.alternatives",
            must_reach=True,
            en=Text(
                subject="Please choose a new time for your visit on {day}",
                lines=(
                    "We are sorry: your visit on {moment} cannot take place.",
                    "We looked for other times that may suit you. Please choose one.",
                ),
                action="Choose a new time",
            ),
            es=Text(
                subject="Elija un nuevo horario para su cita del {day}",
                lines=(
                    "Lo sentimos: su cita del {moment} no podrá realizarse.",
                    "Buscamos otros horarios que le puedan convenir. Por favor, elija uno.",
                ),
                action="Elegir un nuevo horario",
            ),
        ),
        _template(
            "visit.reminder",
            expires="starts_at",
            en=Text(
                subject="Reminder: your visit on {day}",
                lines=(
                    "Your visit is on {moment}.",
                    "Where: {place}",
                    "If you cannot come, please cancel or move it.",
                ),
                action="See your visit",
            ),
            es=Text(
                subject="Recordatorio: su cita del {day}",
                lines=(
                    "Su cita es el {moment}.",
                    "Lugar: {place}",
                    "Si no puede venir, cancélela o cámbiela.",
                ),
                action="Ver su cita",
            ),
        ),
        *RESULT_TEMPLATES,
        *FORM_TEMPLATES,
        *MEDICINE_TEMPLATES,
        *MOVE_TEMPLATES,
        *STAFF_TEMPLATES,
        *ACTION_TEMPLATES,
        *CONVERSATION_TEMPLATES,
        *CONTACT_TEMPLATES,
        *CAMPAIGN_TEMPLATES,
    )
}
