"""Where reading results stands in the header of clinicians and managers, and on their other pages."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from labs.access import MATCHERS
from labs.views.clinic.settings import MANAGERS
from labs.views.clinic.standing import READERS, alert_panel, clinic_panel, to_read, unmatched
from steadwell.portal import service as portal


def register() -> None:
    portal.register_nav(
        key="clinic-labs:inbox",
        label=_("Results"),
        url_name="clinic-labs:inbox",
        area=portal.Area.CLINIC,
        roles=READERS,
        icon="flask",
        order=2,
        badge=to_read,
        prefix="/clinic/labs/",
    )
    portal.register_nav(
        key="clinic-labs:waiting",
        label=_("Unmatched"),
        url_name="clinic-labs:waiting",
        area=portal.Area.CLINIC,
        roles=MATCHERS,
        icon="search",
        order=3,
        badge=unmatched,
    )
    portal.register_nav(
        key="clinic-labs:settings",
        label=_("Reading results"),
        url_name="clinic-labs:settings",
        area=portal.Area.ACCOUNT,
        roles=MANAGERS,
        icon="settings",
        order=40,
    )
    portal.register_nav(
        key="clinic-labs:away",
        label=_("Cover while away"),
        url_name="clinic-labs:away",
        area=portal.Area.ACCOUNT,
        roles=READERS,
        concerns=lambda actor: actor.practitioner_id is not None,
        icon="people",
        order=35,
    )
    portal.register_panel(key="labs.alert", place="alerts", build=alert_panel, roles=READERS)
    portal.register_panel(key="labs.to-read", place="clinic", build=clinic_panel, roles=READERS)
