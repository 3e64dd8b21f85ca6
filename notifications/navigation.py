"""Where staff and readers find the pages about sending."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.switching import WATCHERS
from notifications.views.reading import READERS
from notifications.views.staff import DESK
from steadwell.portal.service import Area, register_nav


def register() -> None:
    register_nav(
        key="notifications.devices",
        label=_("Notices on this device"),
        url_name="notifications_devices",
        area=Area.ACCOUNT,
        roles=frozenset(READERS),
        icon="bell",
        order=21,
    )
    register_nav(
        key="notifications.calls",
        label=_("Calls to make"),
        url_name="notifications_calls",
        area=Area.CLINIC,
        roles=frozenset(DESK),
        icon="phone",
        order=61,
    )
    register_nav(
        key="notifications.delivery",
        label=_("Sending"),
        url_name="notifications_delivery",
        area=Area.CLINIC,
        roles=frozenset(WATCHERS),
        icon="mail",
        order=62,
    )
