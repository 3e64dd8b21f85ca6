"""Who acts: the one argument every write and every read of patient data takes."""

from __future__ import annotations

from collections.abc import Collection
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
_EVERYWHERE = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A signed-in person, or the platform itself, with what they may stand for.

    ``person_id`` is the patient this user is; ``proxy_for`` the patients they may act for today;
    ``practitioner_id`` the clinician they are; ``site_ids`` the clinics a member of staff works at
    (administrators and the system work at every site, see ``works_at``).
    ``same`` pairs each further id of those patients, from records merged with theirs, with the id used here.
    ``grants`` says which staff role holds at which of them, None for every site. Where it is empty each
    staff role holds at each of ``site_ids``. ``roles`` alone never answers what may be done at a site: ask
    ``roles_at``.
    ``name`` is a stable label for audit rows of the system ("relay", "import"), never a person's name.
    """

    user_id: UserId | None = None
    roles: frozenset[Role] = frozenset()
    person_id: PersonId | None = None
    proxy_for: frozenset[PersonId] = frozenset()
    same: frozenset[tuple[PersonId, PersonId]] = frozenset()
    practitioner_id: PractitionerId | None = None
    site_ids: frozenset[SiteId] = frozenset()
    grants: frozenset[tuple[Role, SiteId | None]] = frozenset()
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
        return self.known_as(person_id) is not None

    def known_as(self, person_id: PersonId) -> PersonId | None:
        """``person_id`` or the member of ``proxy_for`` that an id means; None for somebody else's."""
        if person_id == self.person_id or person_id in self.proxy_for:
            return person_id
        return next((own for other, own in self.same if other == person_id), None)

    def ids_of(self, person_id: PersonId) -> frozenset[PersonId]:
        """Every id of a patient this actor stands for; none of anybody else."""
        own = self.known_as(person_id)
        if own is None:
            return frozenset()
        return frozenset({own, *(other for other, each in self.same if each == own)})

    def roles_at(self, site_id: SiteId) -> frozenset[Role]:
        """The staff roles that hold at a site (and the platform's own); none for staff of another clinic."""
        everywhere = self.roles & _EVERYWHERE
        if self.grants:
            return everywhere | {role for role, site in self.grants if site is None or site == site_id}
        return everywhere | (self.roles & STAFF_ROLES if site_id in self.site_ids else frozenset())

    def acting_roles(
        self, *, subject_id: PersonId | None = None, site_ids: Collection[SiteId] = ()
    ) -> frozenset[Role]:
        """The roles in which an act is done: as the patient, for them, or at its sites; else all there are.

        A member of staff who is a patient too acts as the patient on their own data, whatever their work.
        Staff whose roles hold elsewhere (a clinician with a visit of theirs) act in all of them.
        """
        if subject_id is not None and (own := self.known_as(subject_id)) is not None:
            return frozenset({Role.PATIENT if own == self.person_id else Role.PROXY})
        there = (self.roles_at(site_id) for site_id in site_ids)
        return frozenset().union(*there) or self.roles

    def works_at(self, site_id: SiteId) -> bool:
        """Whether the staff scope covers a site, in whatever role."""
        return bool(self.roles_at(site_id))


def system(name: str) -> Actor:
    """The platform acting by itself, under a stable label such as ``"relay"``."""
    return Actor(roles=frozenset({Role.SYSTEM}), name=name)


ANONYMOUS = Actor()
