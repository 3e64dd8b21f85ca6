from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LabsConfig(AppConfig):
    name = "labs"
    verbose_name = "Labs"

    def ready(self) -> None:
        from labs import following, metrics, subscribers
        from labs.review import subscribers as review
        from labs.views.clinic import registering

        following.register()
        metrics.register()
        review.register()
        registering.register()
        subscribers.register()
        self._show_in_portal()

    def _show_in_portal(self) -> None:
        from labs.views.choosing import choice_panel
        from labs.views.results import new_results_panel
        from steadwell.portal import service as portal

        patients = frozenset(portal.READERS)
        portal.register_nav(
            key="results",
            label=_("Results"),
            url_name="labs:results",
            roles=patients,
            icon="clipboard",
            order=30,
        )
        portal.register_panel(
            key="labs.new-results", place="home", build=new_results_panel, roles=patients, order=5
        )
        portal.register_panel(
            key="labs.choice", place="preferences", build=choice_panel, roles=patients, order=10
        )
