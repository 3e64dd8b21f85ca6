"""Where staff and readers find the pages about sending."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.switching import WATCHERS
from notifications.views.choosing import unreachable_panel
from notifications.views.reading import READERS
from notifications.views.staff import DESK
from notifications.views.wording import AUTHORS
from steadwell.portal.service import Area, register_nav, register_panel


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


def register_choosing() -> None:
    """What readers choose shows on their first page; whoever writes and invites has pages of their own."""
    register_panel(
        key="notifications.unreachable",
        place="home",
        build=unreachable_panel,
        roles=frozenset(READERS),
        order=1,
    )
    register_nav(
        key="notifications.missed",
        label=_("Not finished"),
        url_name="notifications_missed",
        area=Area.CLINIC,
        roles=frozenset(DESK),
        icon="warning",
        order=61,
    )
    register_nav(
        key="notifications.campaigns",
        label=_("Campaigns"),
        url_name="notifications_campaigns",
        area=Area.CLINIC,
        roles=frozenset(AUTHORS),
        icon="people",
        order=65,
    )
    register_nav(
        key="notifications.wording",
        label=_("Words of messages"),
        url_name="notifications_wording",
        area=Area.ACCOUNT,
        roles=frozenset(AUTHORS),
        icon="edit",
        order=70,
    )
