"""Where the clinic's pages stand in the header of staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from steadwell.actor import STAFF_ROLES
from steadwell.portal import service as portal

ENTRIES = (
    ("clinic:day", _("Calendar"), "calendar", "/clinic/week/"),
    ("clinic:arrivals", _("Arrivals"), "people", None),
    ("clinic:requests", _("Requests"), "clipboard", None),
    ("clinic:book", _("Book a visit"), "calendar-plus", None),
)


def register() -> None:
    for order, (url_name, label, icon, prefix) in enumerate(ENTRIES):
        portal.register_nav(
            key=url_name,
            label=label,
            url_name=url_name,
            area=portal.Area.CLINIC,
            roles=STAFF_ROLES,
            icon=icon,
            order=order,
            prefix=prefix,
        )
    portal.register_nav(
        key="clinic:address",
        label=_("Your own calendar"),
        url_name="clinic:address",
        area=portal.Area.ACCOUNT,
        roles=STAFF_ROLES,
        concerns=lambda actor: actor.practitioner_id is not None,
        icon="calendar",
        order=30,
    )
