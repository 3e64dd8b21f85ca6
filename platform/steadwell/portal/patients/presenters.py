"""Patients and their access to the portal, in the desk's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from steadwell.accounts import service as accounts
from steadwell.identity import service as identity
from steadwell.portal import wall_time

Fact = tuple[str, str]
State = accounts.LetterState

LETTERS: Mapping[State, tuple[Promise, str]] = {
    State.ON_ITS_WAY: (gettext_lazy("On its way"), "accent"),
    State.SENT: (gettext_lazy("Sent"), "good"),
    State.NOT_SENT: (gettext_lazy("Could not be delivered"), "bad"),
    State.EXPIRED: (gettext_lazy("Expired"), "warn"),
    State.BLOCKED: (gettext_lazy("Blocked: too many wrong birth dates"), "bad"),
}
RELATIONSHIPS: Mapping[str, Promise] = {
    "parent": gettext_lazy("Parent"),
    "guardian": gettext_lazy("Legal guardian"),
    "caregiver": gettext_lazy("Caregiver"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyRow:
    email: str
    relationship: str
    since: str
    until: str
    end_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterCard:
    badge: str
    badge_kind: str
    facts: list[Fact]
    is_dead: bool  # its link opens nothing until it is sent again


def name_of(person: identity.PersonSummary) -> str:
    return f"{person.given_name} {person.family_name}"


def account_facts(account: accounts.PatientAccount) -> list[Fact]:
    seen = account.last_sign_in
    return [
        (_("Signs in with"), account.email),
        (_("Last signed in"), wall_time.own_moment_text(seen) if seen else _("Never")),
    ]


def letter_card(invitation: accounts.OpenInvitation) -> LetterCard:
    words, kind = LETTERS[invitation.state]
    return LetterCard(
        badge=str(words),
        badge_kind=kind,
        facts=[
            (_("Letter to"), invitation.email),
            (_("Written"), wall_time.own_moment_text(invitation.sent_at)),
            (_("The link works until"), wall_time.own_moment_text(invitation.expires_at)),
        ],
        is_dead=invitation.state in {State.EXPIRED, State.BLOCKED, State.NOT_SENT},
    )


def proxy_rows(proxies: Iterable[accounts.ProxyHolder], person_id: UUID) -> list[ProxyRow]:
    return [
        ProxyRow(
            email=holder.email,
            relationship=str(RELATIONSHIPS.get(holder.relationship, holder.relationship)),
            since=wall_time.day_text(timezone.localdate(holder.since), "day-short-year"),
            until=wall_time.day_text(holder.until_on, "day-short-year") if holder.until_on else "",
            end_url=reverse("patient_end_proxy", args=[person_id, holder.proxy_id]),
        )
        for holder in proxies
    ]
