"""A result in a clinician's words: short, dense, and nothing softened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from labs.presenters import words
from labs.settling import Why
from labs.types import SENT_TWICE, Flag, ResultView, Status, ValueKind
from steadwell.portal import service as portal

FLAGS: Mapping[Flag, tuple[Promise, str]] = {
    Flag.CRITICAL_LOW: (_lazy("Critical low"), "bad"),
    Flag.CRITICAL_HIGH: (_lazy("Critical high"), "bad"),
    Flag.CRITICAL_ABNORMAL: (_lazy("Critical"), "bad"),
    Flag.LOW: (_lazy("Low"), "warn"),
    Flag.HIGH: (_lazy("High"), "warn"),
    Flag.ABNORMAL: (_lazy("Abnormal"), "warn"),
}
SIGNS: Mapping[Flag, str] = {
    Flag.CRITICAL_LOW: "↓↓",
    Flag.LOW: "↓",
    Flag.HIGH: "↑",
    Flag.CRITICAL_HIGH: "↑↑",
    Flag.ABNORMAL: "!",
    Flag.CRITICAL_ABNORMAL: "!!",
}
STATUSES: Mapping[Status, tuple[Promise, str]] = {
    Status.REGISTERED: (_lazy("Registered"), ""),
    Status.PARTIAL: (_lazy("Partial"), "accent"),
    Status.PRELIMINARY: (_lazy("Preliminary"), "accent"),
    Status.FINAL: (_lazy("Final"), ""),
    Status.CORRECTED: (_lazy("Corrected"), "warn"),
    Status.AMENDED: (_lazy("Amended"), "warn"),
    Status.APPENDED: (_lazy("Appended"), "accent"),
    Status.CANCELLED: (_lazy("Cancelled"), "bad"),
    Status.ENTERED_IN_ERROR: (_lazy("Entered in error"), "bad"),
}
REASONS: Mapping[str, Promise] = {
    Why.UPDATED.value: _lazy("updated by the laboratory"),
    Why.CORRECTED.value: _lazy("corrected by the laboratory"),
    Why.STATUS_NOT_SAID.value: _lazy("changed by the laboratory, which did not call it a correction"),
    Why.WITHDRAWN.value: _lazy("withdrawn by the laboratory"),
    Why.REPORT_WITHDRAWN.value: _lazy("withdrawn with the whole report"),
    Why.LEFT_OUT.value: _lazy("left out of a later, complete version"),
    Why.MOVE_REFUSED.value: _lazy("told later, but not possible after what stands"),
    Why.REPEATED.value: _lazy("an old message that was sent again"),
    Why.CONFIRMED.value: _lazy("confirmed by the laboratory"),
    Why.REREAD.value: _lazy("read again here, after it had been set aside"),
    SENT_TWICE: _lazy("sent twice: the other report counts"),
}


def flag_of(result: ResultView) -> tuple[str, str]:
    """The flag in a word and its tone; empty for what is in range or was taken back."""
    if result.flag is None or result.status in {Status.CANCELLED, Status.ENTERED_IN_ERROR}:
        return "", ""
    if said := words.sent_words(result):
        return said, "warn" if result.flag is Flag.ABNORMAL else ""
    if result.flag is Flag.OTHER:
        return (_("Flag %(flag)s") % {"flag": result.flag_sent}, "accent") if result.flag_sent else ("", "")
    known = FLAGS.get(result.flag)
    return (str(known[0]), known[1]) if known else ("", "")


def disagreement(result: ResultView) -> str:
    """What the laboratory's flag and the range say, where they contradict each other."""
    if not result.flags_disagree:
        return ""
    said = result.flag_sent or _("no flag")
    return _("Laboratory: %(sent)s. By the range: %(computed)s.") % {
        "sent": said,
        "computed": result.flag_computed.value if result.flag_computed else _("no flag"),
    }


def value_text(result: ResultView) -> str:
    """The value with its unit, in one line."""
    if result.kind is ValueKind.ABSENT:
        return words.absent_words(result)
    if result.kind is ValueKind.DOCUMENT:
        return _("Document")
    value, unit = words.value_of(result)
    return f"{value}\N{NO-BREAK SPACE}{unit}" if unit else value


def range_text(result: ResultView) -> str:
    unit = words.unit_text(result.quantity.unit, result.unit_text) if result.quantity else result.unit_text
    return words.range_words(result.range_low, result.range_high, unit, result.range_text)


def short_moment(instant: datetime | None, zone: str, *, now: datetime) -> str:
    """ "2:30 p.m." today, "Mar 3, 2:30 p.m." this year, with the year before that."""
    if instant is None:
        return ""
    local, today = portal.at_site(instant, zone), portal.at_site(now, zone)
    if local.date() == today.date():
        return portal.clock_text(local)
    name = "day-short" if local.year == today.year else "day-short-year"
    return f"{portal.day_text(local.date(), name)}, {portal.clock_text(local)}"


def length(span: timedelta | None) -> str:
    """ "4 min", "1 h 12 min", "3 d"."""
    if span is None:
        return "–"
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return ngettext("%(n)d s", "%(n)d s", int(span.total_seconds())) % {"n": int(span.total_seconds())}
    if minutes < 60:
        return _("%(n)d min") % {"n": minutes}
    if minutes < 48 * 60:
        return _("%(h)d h %(m)d min") % {"h": minutes // 60, "m": minutes % 60}
    return _("%(n)d d") % {"n": minutes // (24 * 60)}
