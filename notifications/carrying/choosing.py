"""Which provider takes which message: by weight among those that are well, within each one's rate."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from notifications.carrying import health
from notifications.carrying.accounts import CALL_LIST, DEMO
from notifications.carrying.health import Standing
from notifications.types import Account, Urgency
from steadwell.outbox import service as outbox

# What of a provider's rate a lane may use: the more urgent always finds room that the others left.
LANE_SHARE: Mapping[str, float] = {Urgency.URGENT: 1.0, Urgency.STANDARD: 0.9, Urgency.BULK: 0.7}
# The longest pause between two attempts of a message.
CAPS: Mapping[str, float] = {Urgency.URGENT: 15.0, Urgency.STANDARD: 300.0, Urgency.BULK: 1800.0}
NO_PROVIDER = "no-provider"  # none of its channel is well
_INSIDE = frozenset({DEMO, CALL_LIST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One message that may go. ``bound_to`` is the provider that may have it already: no other gets it."""

    message_id: UUID
    channel: str
    lane: str
    bound_to: str = ""


@dataclass(slots=True, kw_only=True)
class Chosen:
    """Who takes what, and what has to wait for a provider or for room."""

    accounts: dict[UUID, Account] = field(default_factory=dict)
    later: dict[UUID, outbox.Later] = field(default_factory=dict)
    probing: set[str] = field(default_factory=set)  # providers that this batch tries


def choose(wishes: Sequence[Wish], *, now: datetime) -> Chosen:
    """A provider for each, or when to ask again. Statements: one look at most, one for each provider used."""
    chosen = Chosen()
    if not wishes:
        return chosen
    standing = health.standings(now=now)
    for wish in wishes:
        found = _pick(wish, standing, chosen.probing, now)
        if found is None:
            chosen.later[wish.message_id] = outbox.Later(
                after=_until_somebody(wish, standing, now), cause=NO_PROVIDER, counted=False
            )
        else:
            chosen.accounts[wish.message_id] = found
    _keep_within_rates(wishes, chosen, now)
    return chosen


def back_off(attempt: int, lane: str, *, others: bool, asked: float = 0.0) -> timedelta:
    """After an attempt that failed: at once with another provider, else longer each time up to the cap, and
    always spread. ``asked``: the seconds that the provider asked for; they are kept, up to the cap, where
    nobody else takes the message.
    """
    base = 0.5 if others and attempt == 1 else 5.0 * 4 ** (attempt - 1)
    spread = min(base, CAPS[lane]) * random.uniform(0.5, 1.5)  # noqa: S311 - spreads
    if others or not asked:
        return timedelta(seconds=spread)
    return timedelta(seconds=max(spread, min(asked, CAPS[lane]) * random.uniform(1.0, 1.2)))  # noqa: S311


def has_others(account: Account, *, now: datetime) -> bool:
    """Whether another provider of its channel is well."""
    return any(
        each.account.channel == account.channel and each.account.code != account.code and _is_well(each)
        for each in health.standings(now=now)
    )


def _is_well(each: Standing) -> bool:
    return not each.is_off and each.breaker == "closed"


def _pick(wish: Wish, standing: Sequence[Standing], probing: set[str], now: datetime) -> Account | None:
    ours = [each for each in standing if each.account.channel == wish.channel]
    if wish.bound_to:
        ours = [each for each in ours if each.account.code == wish.bound_to]
    well = [each for each in ours if _is_well(each)]
    # What is urgent tries nobody while another is well.
    if not well or wish.lane != Urgency.URGENT:
        for each in ours:
            if each.account.code not in probing and _may_try(each, now):
                probing.add(each.account.code)
                return each.account
    if not well:
        # Slow is better than nobody.
        well = [each for each in ours if not each.is_off and each.breaker == "open" and each.cause == "slow"]
    if not well:
        return None
    shares = [each.share(now) or 0.001 for each in well]
    return random.choices(well, weights=shares)[0].account  # noqa: S311 - spreads load


def _may_try(each: Standing, now: datetime) -> bool:
    if each.is_off or each.breaker == "closed" or each.probe_at is None or each.probe_at > now:
        return False
    pause = 3 * health.PROBE_SECONDS if each.cause == "silent" else health.PROBE_SECONDS
    again = now + timedelta(seconds=pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads
    return health.take_probe(each.account.code, now=now, again=again)


def _until_somebody(wish: Wish, standing: Sequence[Standing], now: datetime) -> timedelta:
    """The longer nobody is there, the less often it is asked for; urgent ones keep asking."""
    since = [each.changed_at for each in standing if each.account.channel == wish.channel and each.changed_at]
    age = (now - max(since)).total_seconds() if since else 60.0
    seconds = 2.0 if wish.lane == Urgency.URGENT else min(max(age / 4, 3.0), 60.0)
    return timedelta(seconds=seconds * random.uniform(0.5, 1.5))  # noqa: S311 - spreads


def _keep_within_rates(wishes: Sequence[Wish], chosen: Chosen, now: datetime) -> None:
    """Urgent first; whoever finds no room in this second waits for another one."""
    by_place: dict[tuple[str, str], list[Wish]] = {}
    for wish in wishes:
        account = chosen.accounts.get(wish.message_id)
        if account is not None and account.rate and account.kind not in _INSIDE:
            by_place.setdefault((account.code, wish.lane), []).append(wish)
    for (code, lane), several in sorted(by_place.items(), key=lambda item: -LANE_SHARE[item[0][1]]):
        account = chosen.accounts[several[0].message_id]
        limit = max(1, int(account.rate * LANE_SHARE[lane]))
        room = health.grant(code, wanted=len(several), limit=limit, now=now)
        for wish in several[room:]:
            del chosen.accounts[wish.message_id]
            spread = random.uniform(0.3, 1.0) if lane == Urgency.URGENT else random.uniform(0.5, 3.0)  # noqa: S311
            chosen.later[wish.message_id] = outbox.Later(
                after=timedelta(seconds=spread), cause="no-room", counted=False
            )
