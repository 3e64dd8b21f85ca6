from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from steadwell.actor import Role


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = "Scheduling"

    def ready(self) -> None:
        from scheduling import subscribers
        from scheduling.views.clinic import registering as clinic_pages

        subscribers.register()
        clinic_pages.register()
        self._show_in_portal()

    def _show_in_portal(self) -> None:
        from scheduling.views.visits import next_visit_panel
        from steadwell.portal import service as portal

        patients = frozenset({Role.PATIENT, Role.PROXY})
        portal.register_nav(
            key="visits",
            label=_("Visits"),
            url_name="scheduling:visits",
            roles=patients,
            icon="calendar",
            order=20,
            prefix="/",  # its own address only: the pages of booking belong to the entry beside it
        )
        portal.register_nav(
            key="find-a-time",
            label=_("Book a visit"),
            url_name="scheduling:find",
            roles=patients,
            icon="plus",
            order=10,
        )
        portal.register_panel(
            key="scheduling.next-visit", place="home", build=next_visit_panel, roles=patients, order=10
        )
