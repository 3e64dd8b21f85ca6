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
        # The pages of accounts, which lies below the portal and cannot register them itself.
        register_nav(
            key="accounts.safety",
            label=_("Signing in safely"),
            url_name="mfa_index",
            area=Area.ACCOUNT,
            icon="shield",
            order=700,
        )
        register_nav(
            key="accounts.sessions",
            label=_("Where you are signed in"),
            url_name="accounts_sessions",
            area=Area.ACCOUNT,
            icon="list",
            order=710,
        )
        register_nav(
            key="portal.patients",
            label=_("Patients"),
            url_name="patients",
            area=Area.CLINIC,
            roles=STAFF_ROLES,
            icon="person",
            order=50,
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
