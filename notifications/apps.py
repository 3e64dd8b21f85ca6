from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        from notifications import checks, subscribers  # noqa: F401 - importing registers the check
        from notifications.switching import WATCHERS
        from notifications.views.choosing import unreachable_panel
        from notifications.views.reading import READERS, unread_badge
        from notifications.views.staff import DESK
        from notifications.views.wording import AUTHORS
        from steadwell.portal.service import Area, register_nav, register_panel

        subscribers.register()
        register_panel(
            key="notifications.unreachable",
            place="home",
            build=unreachable_panel,
            roles=frozenset(READERS),
            order=1,
        )
        register_nav(
            key="notifications.inbox",
            label=_("Messages"),
            url_name="notifications_inbox",
            roles=frozenset(READERS),
            icon="mail",
            order=40,
            badge=unread_badge,
        )
        register_nav(
            key="notifications.preferences",
            label=_("What you are told"),
            url_name="notifications_preferences",
            area=Area.ACCOUNT,
            roles=frozenset(READERS),
            icon="bell",
            order=20,
        )
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
            key="notifications.untold",
            label=_("Not reached"),
            url_name="notifications_untold",
            area=Area.CLINIC,
            roles=frozenset(DESK),
            icon="phone",
            order=60,
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
            key="notifications.wording",
            label=_("Words of messages"),
            url_name="notifications_wording",
            area=Area.ACCOUNT,
            roles=frozenset(AUTHORS),
            icon="edit",
            order=70,
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
