"""The made-up people, grouped by what a newcomer wants to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Prefetch

from steadwell.accounts.models import Grant, User
from steadwell.actor import Role
from steadwell.ids import UserId


class Side(StrEnum):
    PATIENT = "patient"
    CLINICIAN = "clinician"
    FRONT_DESK = "front-desk"
    RUNNING = "running"  # managers and administrators


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """``name`` and ``note`` are the seeder's: who it is, and one line on what signing in as them shows."""

    user_id: UserId
    name: str
    note: str
    side: Side
    roles: frozenset[Role]


def list_demo_people() -> dict[Side, list[DemoPerson]]:
    """Everybody one may sign in as, in the order they were made, by side."""
    live = Prefetch("grants", queryset=Grant.objects.filter(valid_until__isnull=True))
    groups: dict[Side, list[DemoPerson]] = {side: [] for side in Side}
    for user in User.objects.filter(is_demo=True, is_active=True).prefetch_related(live).order_by("id")[:60]:
        roles = frozenset(Role(grant.role) for grant in user.grants.all())
        side = _side(roles)
        groups[side].append(
            DemoPerson(
                user_id=UserId(user.pk),
                name=user.demo_name or user.email,
                note=user.demo_note,
                side=side,
                roles=roles,
            )
        )
    return groups


def find_demo_user(user_id: UUID) -> User | None:
    return User.objects.filter(pk=user_id, is_demo=True, is_active=True).first()


def _side(roles: frozenset[Role]) -> Side:
    order: Sequence[tuple[Role, Side]] = (
        (Role.ADMINISTRATOR, Side.RUNNING),
        (Role.MANAGER, Side.RUNNING),
        (Role.CLINICIAN, Side.CLINICIAN),
        (Role.FRONT_DESK, Side.FRONT_DESK),
    )
    return next((side for role, side in order if role in roles), Side.PATIENT)
