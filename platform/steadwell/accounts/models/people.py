"""Who may sign in, as what, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from steadwell.accounts.rights import may_use_admin_of, may_use_the_admin
from steadwell.actor import ANONYMOUS, STAFF_ROLES, Actor, Role
from steadwell.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable

STAFF_ROLE_CHOICES = [
    (Role.CLINICIAN.value, _("Clinician")),
    (Role.FRONT_DESK.value, _("Front desk")),
    (Role.MANAGER.value, _("Manager")),
    (Role.ADMINISTRATOR.value, _("Administrator")),
]


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A person who signs in, by e-mail. phi: indirect (an address, and which patient it belongs to).

    Roles are not fields: a patient is a user with a ``person_id``, a proxy one with a live `Proxy`, and staff
    roles are live `Grant` rows. `standing.load_user` reads them all with the user in one statement and leaves
    the result in ``standing``; a user read any other way has no rights (fail closed).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(unique=True)
    person_id = models.UUIDField(null=True, blank=True, editable=False)
    practitioner_id = models.UUIDField(null=True, blank=True, editable=False)
    language = models.CharField(
        max_length=8, blank=True, choices=settings.LANGUAGES
    )  # empty: as the browser asks
    time_zone = models.CharField(max_length=64, default="UTC")
    is_active = models.BooleanField(default=True)
    is_demo = models.BooleanField(default=False, editable=False)
    demo_name = models.CharField(max_length=100, blank=True, editable=False)
    demo_note = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    standing: Actor = ANONYMOUS

    class Meta:
        constraints = [
            # With the unique address: one account per address whatever its case.
            models.CheckConstraint(name="accounts_user_email_lower", condition=Q(email=Lower("email"))),
            # A patient has one account; it also serves "whom do we tell about this patient".
            models.UniqueConstraint(
                name="accounts_user_person", fields=["person_id"], condition=Q(person_id__isnull=False)
            ),
            # A clinician has one account.
            models.UniqueConstraint(
                name="accounts_user_practitioner",
                fields=["practitioner_id"],
                condition=Q(practitioner_id__isnull=False),
            ),
        ]
        indexes = [
            # The list of demo people.
            models.Index(name="accounts_user_demo", fields=["id"], condition=Q(is_demo=True)),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_staff(self) -> bool:
        """Whether the Django admin opens for this user."""
        return self.is_active and may_use_the_admin(self.standing)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and may_use_admin_of(self.standing, perm.partition(".")[0])

    def has_perms(self, perm_list: Iterable[str], obj: object = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and may_use_admin_of(self.standing, app_label)


class Grant(models.Model):
    """One staff role of a user, at one site, for a time. phi: none.

    Rows are history: a trigger lets a grant be closed once and refuses any other change, and its removal.
    ``site_id`` is empty for an administrator, who works at every site.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=16, choices=STAFF_ROLE_CHOICES)
    site_id = models.UUIDField(null=True, blank=True)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    granted_by = models.UUIDField(null=True, blank=True)
    revoked_by = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [
            # A role is held once per site at a time, so that revoking it ends it.
            models.UniqueConstraint(
                name="accounts_grant_once",
                fields=["user", "role", "site_id"],
                condition=Q(valid_until__isnull=True),
                nulls_distinct=False,
            ),
            # Patients and proxies are not granted; a typing error is no role.
            models.CheckConstraint(
                name="accounts_grant_staff_role",
                condition=Q(role__in=[role.value for role in sorted(STAFF_ROLES)]),
            ),
            # No right ends before it began.
            models.CheckConstraint(
                name="accounts_grant_period",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.site_id or ''}".strip()


class Proxy(models.Model):
    """One user may act for one patient, for a time. phi: indirect (who looks after whom).

    ``until_on`` is the first day on which the right no longer holds, from its midnight in ``time_zone``: a
    minor's birthday. Rows are history like grants.
    """

    class Relationship(models.TextChoices):
        PARENT = "parent", _("Parent")
        GUARDIAN = "guardian", _("Legal guardian")
        CAREGIVER = "caregiver", _("Caregiver")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="proxies")
    person_id = models.UUIDField()
    relationship = models.CharField(max_length=16, choices=Relationship)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    until_on = models.DateField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    granted_by = models.UUIDField(null=True, blank=True)
    revoked_by = models.UUIDField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "proxies"
        constraints = [
            # A person is held for once at a time, so that ending the right ends it.
            models.UniqueConstraint(
                name="accounts_proxy_once",
                fields=["user", "person_id"],
                condition=Q(valid_until__isnull=True),
            ),
            # No right ends before it began.
            models.CheckConstraint(
                name="accounts_proxy_period",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
        ]
        indexes = [
            # Everyone to tell about a patient.
            models.Index(
                name="accounts_proxy_person", fields=["person_id"], condition=Q(valid_until__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.relationship
