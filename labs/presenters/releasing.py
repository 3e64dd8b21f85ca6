"""What a clinician reads about the release of one report."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from labs import releasing
from labs.policy import Audience, Delay
from labs.presenters import words
from labs.releasing import HeldBack
from steadwell.portal import service as portal


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLine:
    what: str
    until: str
    legal: str
    legal_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseControl:
    """For ``labs/clinic/_release.html``. ``back`` is the address the forms return to."""

    report_id: UUID
    words: str
    holds: tuple[HoldLine, ...]
    may_end: bool
    may_talk: bool
    back: str


def control(state: releasing.ReleaseState, *, report_id: UUID, zone: str, back: str) -> ReleaseControl:
    return ReleaseControl(
        report_id=report_id,
        words=_words(state, zone),
        holds=tuple(_hold(each, zone) for each in state.holds),
        may_end=state.is_held,
        may_talk=any(hold.delay in {Delay.SIGNED, Delay.TALKED} for hold in state.holds),
        back=back,
    )


def _words(state: releasing.ReleaseState, zone: str) -> str:
    if state.is_held and any(not hold.loinc and hold.audience is Audience.EVERYONE for hold in state.holds):
        return _("Held back. It shows by itself when the time below is over.")
    if state.released_at is None:
        return _("Not shown yet.")
    at = {"at": portal.moment_text(state.released_at, zone)}
    if state.is_held:
        return _("Shown in part since %(at)s.") % at
    return _("Shown since %(at)s.") % at


def _hold(hold: HeldBack, zone: str) -> HoldLine:
    what = words.name_of(hold.loinc, hold.loinc) if hold.loinc else _("The whole report")
    if hold.audience is Audience.PROXIES:
        what = _("%(what)s, from those who act for the patient") % {"what": what}
    waits = {
        Delay.SIGNED: _("until it is signed, at the latest %(at)s"),
        Delay.TALKED: _("until you have talked, at the latest %(at)s"),
    }.get(hold.delay, _("until %(at)s"))
    return HoldLine(
        what=what,
        until=waits % {"at": portal.moment_text(hold.ends_at, zone)},
        legal=hold.legal.value,
        legal_text=hold.legal_text,
    )
