from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from steadwell.errors import Busy


class AuditUnavailable(Busy):
    """The audit row could not be written: no change is kept and no data leaves (503)."""

    code = "audit-unavailable"
    message = _("We cannot show or change records right now. Please try again in a moment.")
