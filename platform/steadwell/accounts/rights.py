"""What the Django admin opens for whom. What a model may be changed by is its own admin's matter."""

from __future__ import annotations

from collections.abc import Mapping

from steadwell.actor import Actor, Role

# A manager sets the clinic up; accounts, audit and the machinery are an administrator's.
MANAGER_APPS = frozenset({"scheduling", "notifications", "labs", "medications"})
ADMIN_ROLES: Mapping[Role, frozenset[str] | None] = {
    Role.ADMINISTRATOR: None,  # every app
    Role.MANAGER: MANAGER_APPS,
}

# Who lets patients into the portal, and out of it.
DESK = frozenset({Role.FRONT_DESK, Role.MANAGER, Role.ADMINISTRATOR})


def may_manage_portal_access(actor: Actor) -> bool:
    """A patient belongs to the organisation, not to one clinic, so any clinic's desk does."""
    return actor.has(*DESK)


def may_use_the_admin(actor: Actor) -> bool:
    return actor.has(*ADMIN_ROLES)


def may_use_admin_of(actor: Actor, app_label: str) -> bool:
    for role in actor.roles:
        if role in ADMIN_ROLES:
            apps = ADMIN_ROLES[role]
            if apps is None or app_label in apps:
                return True
    return False
