"""Where medicines stand in the header and on the home page of patients and of clinicians."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from medications.views.clinic.standing import (
    COUNTERS,
    READERS,
    clinic_panel,
    patient_panel,
    refills_waiting,
)
from medications.views.panels import today_panel
from steadwell.portal import service as portal


def register() -> None:
    patients = frozenset(portal.READERS)
    portal.register_nav(
        key="medicines",
        label=_("Medicines"),
        url_name="medications:medicines",
        roles=patients,
        icon="pill",
        order=35,
    )
    portal.register_panel(key="medications.today", place="home", build=today_panel, roles=patients, order=10)
    portal.register_nav(
        key="clinic-medications:reconcile",
        label=_("Medicines"),
        url_name="clinic-medications:queue",
        area=portal.Area.CLINIC,
        roles=READERS,
        icon="pill",
        order=4,
        badge=refills_waiting,
        prefix="/clinic/medicines/",
    )
    portal.register_nav(
        key="clinic-medications:alerts",
        label=_("Safety rules"),
        url_name="clinic-medications:alerts",
        area=portal.Area.ACCOUNT,
        roles=COUNTERS,
        icon="shield",
        order=45,
    )
    portal.register_panel(
        key="medications.refills", place="clinic", build=clinic_panel, roles=READERS, order=120
    )
    portal.register_panel(key="medications.patient", place="patient", build=patient_panel, roles=READERS)
