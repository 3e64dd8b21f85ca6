from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "steadwell.portal"
    verbose_name = "Portal"

    def ready(self) -> None:
        from steadwell.actor import STAFF_ROLES, Role
        from steadwell.portal.navigation import Area, register_nav

        register_nav(
            key="portal.home",
            label=_("Home"),
            url_name="home",
            area=Area.MAIN,
            roles=frozenset({Role.PATIENT, Role.PROXY}),
            icon="home",
            order=0,
        )
        register_nav(
            key="portal.admin",
            label=_("Administration"),
            url_name="admin:index",
            area=Area.ACCOUNT,
            roles=STAFF_ROLES - {Role.CLINICIAN, Role.FRONT_DESK},
            icon="settings",
            order=900,
        )
