"""Where staff and readers find the pages of this app."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.switching import WATCHERS
from notifications.views.choosing import unreachable_panel
from notifications.views.delivery import patient_panel
from notifications.views.reading import READERS, unread_badge
from notifications.views.staff import DESK
from notifications.views.wording import AUTHORS
from steadwell.portal.service import Area, register_nav, register_panel


def register() -> None:
    _register_reading()
    _register_desk()
    _register_running()


def _register_reading() -> None:
    """What patients and those who act for them read and choose."""
    roles = frozenset(READERS)
    register_panel(
        key="notifications.unreachable", place="home", build=unreachable_panel, roles=roles, order=1
    )
    register_nav(
        key="notifications.inbox", label=_("Messages"), url_name="notifications_inbox", roles=roles,
        icon="mail", order=40, badge=unread_badge,
    )  # fmt: skip
    register_nav(
        key="notifications.preferences", label=_("What you are told"), area=Area.ACCOUNT,
        url_name="notifications_preferences", roles=roles, icon="bell", order=20,
    )  # fmt: skip
    register_nav(
        key="notifications.devices", label=_("Notices on this device"), area=Area.ACCOUNT,
        url_name="notifications_devices", roles=roles, icon="bell", order=21,
    )  # fmt: skip


def _register_desk() -> None:
    """What the front desk works off."""
    roles = frozenset(DESK)
    register_nav(
        key="notifications.untold", label=_("Not reached"), area=Area.CLINIC,
        url_name="notifications_untold", roles=roles, icon="phone", order=60,
    )  # fmt: skip
    register_panel(key="notifications.patient", place="patient", build=patient_panel, roles=roles, order=130)
    register_nav(
        key="notifications.search", label=_("What patients were told"), area=Area.ACCOUNT,
        url_name="notifications_search", roles=roles, icon="search", order=65,
    )  # fmt: skip
    register_nav(
        key="notifications.calls", label=_("Calls to make"), area=Area.CLINIC,
        url_name="notifications_calls", roles=roles, icon="phone", order=61,
    )  # fmt: skip
    register_nav(
        key="notifications.missed", label=_("Not finished"), area=Area.CLINIC,
        url_name="notifications_missed", roles=roles, icon="warning", order=61,
    )  # fmt: skip


def _register_running() -> None:
    """How sending goes, who is invited, and in which words."""
    register_nav(
        key="notifications.delivery", label=_("Sending"), area=Area.CLINIC,
        url_name="notifications_delivery", roles=frozenset(WATCHERS), icon="mail", order=62,
    )  # fmt: skip
    register_nav(
        key="notifications.campaigns", label=_("Campaigns"), area=Area.CLINIC,
        url_name="notifications_campaigns", roles=frozenset(AUTHORS), icon="people", order=65,
    )  # fmt: skip
    register_nav(
        key="notifications.wording", label=_("Words of messages"), area=Area.ACCOUNT,
        url_name="notifications_wording", roles=frozenset(AUTHORS), icon="edit", order=70,
    )  # fmt: skip
