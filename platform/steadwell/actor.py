"""Who acts: the one argument every write and every read of patient data takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from steadwell.ids import PersonId, PractitionerId, SiteId, UserId


class Role(StrEnum):
    PATIENT = "patient"
    PROXY = "proxy"
    CLINICIAN = "clinician"
    FRONT_DESK = "front-desk"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"  # the platform itself: a worker, a poller, an import


STAFF_ROLES = frozenset({Role.CLINICIAN, Role.FRONT_DESK, Role.MANAGER, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A signed-in person, or the platform itself, with what they may stand for.

    ``person_id`` is the patient this user is; ``proxy_for`` the patients they may act for today;
    ``practitioner_id`` the clinician they are; ``site_ids`` the clinics a member of staff works at
    (administrators and the system work at every site, see ``works_at``).
    ``name`` is a stable label for audit rows of the system ("relay", "import"), never a person's name.
    """

    user_id: UserId | None = None
    roles: frozenset[Role] = frozenset()
    person_id: PersonId | None = None
    proxy_for: frozenset[PersonId] = frozenset()
    practitioner_id: PractitionerId | None = None
    site_ids: frozenset[SiteId] = frozenset()
    name: str = ""

    @property
    def is_staff(self) -> bool:
        return bool(self.roles & STAFF_ROLES)

    @property
    def is_system(self) -> bool:
        return Role.SYSTEM in self.roles

    def has(self, *roles: Role) -> bool:
        return bool(self.roles.intersection(roles))

    def stands_for(self, person_id: PersonId) -> bool:
        """Whether this actor is the patient, or may act for the patient as a proxy."""
        return person_id == self.person_id or person_id in self.proxy_for

    def works_at(self, site_id: SiteId) -> bool:
        """Whether the staff scope covers a site."""
        if self.has(Role.ADMINISTRATOR, Role.SYSTEM):
            return True
        return self.is_staff and site_id in self.site_ids


def system(name: str) -> Actor:
    """The platform acting by itself, under a stable label such as ``"relay"``."""
    return Actor(roles=frozenset({Role.SYSTEM}), name=name)


ANONYMOUS = Actor()
