"""Where conversations stand in the header and on the pages of staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from messaging.views.clinic import READERS, clinic_panel, patient_panel
from steadwell.portal import service as portal


def register() -> None:
    portal.register_nav(
        key="conversations",
        label=_("Write to us"),
        url_name="messaging:conversations",
        roles=frozenset(portal.READERS),
        icon="speech",
        order=38,
    )
    portal.register_nav(
        key="clinic-conversations",
        label=_("Questions"),
        url_name="clinic-messaging:queue",
        area=portal.Area.CLINIC,
        roles=READERS,
        icon="speech",
        order=6,  # no badge: a statement on each page of staff; the day's page says how many wait
    )
    portal.register_panel(
        key="messaging.waiting", place="clinic", build=clinic_panel, roles=READERS, order=125
    )
    portal.register_panel(
        key="messaging.patient", place="patient", build=patient_panel, roles=READERS, order=140
    )
