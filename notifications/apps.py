from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        from notifications import checks, navigation, subscribers  # noqa: F401 - importing registers the check
        from notifications.views.reading import READERS, unread_badge
        from notifications.views.staff import DESK
        from steadwell.portal.service import Area, register_nav

        subscribers.register()
        navigation.register()
        navigation.register_choosing()
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
            key="notifications.untold",
            label=_("Not reached"),
            url_name="notifications_untold",
            area=Area.CLINIC,
            roles=frozenset(DESK),
            icon="phone",
            order=60,
        )
