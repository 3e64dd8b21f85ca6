"""Who may sign in, as what, for whom, and from which browser."""

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


class Session(models.Model):
    """A browser's visit, signed in or on its way there. phi: indirect (who was here, when, with what).

    The cookie's key is stored only as its SHA-256: reading this table opens no session.
    """

    key_digest = models.BinaryField(primary_key=True, max_length=32, editable=False)
    id = models.UUIDField(unique=True, default=new_id, editable=False)  # how a person names it to end it
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    data = models.TextField()
    device = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        indexes = [
            # Clearing out what nobody will come back to.
            models.Index(name="accounts_session_seen", fields=["last_seen_at"]),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Throttle(models.Model):
    """How often a door was tried in the current window. phi: none (keys are keyed digests).

    One row per door and key, counted by a single upsert (see `throttle`), so that parallel tries all count.
    """

    pk = models.CompositePrimaryKey("door", "key")
    door = models.CharField(max_length=40)
    key = models.BinaryField(max_length=32)
    window_started_at = models.DateTimeField()
    used = models.IntegerField()

    class Meta:
        indexes = [
            # Clearing out windows that have passed.
            models.Index(name="accounts_throttle_window", fields=["window_started_at"]),
        ]

    def __str__(self) -> str:
        return self.door


class Letter(models.Model):
    """An e-mail of the doors on its way: a code, a link, a warning. phi: indirect (an address).

    What it says opens accounts, so it rests sealed, and is erased when the letter is sent (kept in the demo,
    whose mailbox shows it).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    address = models.EmailField()
    subject = models.CharField(max_length=200)
    sealed = models.TextField()
    created_at = models.DateTimeField()
    useful_until = models.DateTimeField(null=True)  # empty: as long as a code lives
    sent_at = models.DateTimeField(null=True)
    not_sent_because = models.CharField(
        max_length=60, blank=True, db_default=""
    )  # a code; sent_at: since when

    class Meta:
        indexes = [
            # Forgetting what was sent long ago.
            models.Index(name="accounts_letter_created", fields=["created_at"]),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Invitation(models.Model):
    """What opens an account: a letter's link, or a code shown at the desk. phi: indirect (whose address).

    Only a digest of the link's or code's secret rests here. A row is open until ``ended_at``; an open one
    that has expired, or was met with too many wrong birth dates, opens nothing until it is sent again.
    """

    class Kind(models.TextChoices):
        PATIENT = "patient", _("Patient")  # a letter; the account is made when it is accepted
        STAFF = "staff", _("Staff")  # a letter; the account is there and has no password
        CODE = "code", _("Code")  # shown at the desk; links an account that is there

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        REPLACED = "replaced", _("Replaced")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    person_id = models.UUIDField(null=True)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=8, blank=True)
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    created_by = models.UUIDField(null=True)
    expires_at = models.DateTimeField()
    tries = models.SmallIntegerField(default=0)
    letter = models.ForeignKey(Letter, null=True, on_delete=models.SET_NULL)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)

    class Meta:
        constraints = [
            # One open letter and one open code per patient: withdrawing it leaves nothing open.
            models.UniqueConstraint(
                name="accounts_invitation_person",
                fields=["person_id", "kind"],
                condition=Q(ended_at__isnull=True, person_id__isnull=False),
            ),
            # One open letter per member of staff, for the same reason.
            models.UniqueConstraint(
                name="accounts_invitation_user",
                fields=["user"],
                condition=Q(ended_at__isnull=True, kind="staff"),
            ),
            # Staff are invited into their account, patients to their record.
            models.CheckConstraint(
                name="accounts_invitation_whom",
                condition=Q(kind="staff", user__isnull=False, person_id__isnull=True)
                | Q(kind__in=["patient", "code"], person_id__isnull=False),
            ),
            # What has ended says how.
            models.CheckConstraint(
                name="accounts_invitation_ended",
                condition=Q(ended_at__isnull=True, outcome="") | Q(ended_at__isnull=False) & ~Q(outcome=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class AccessEnd(models.Model):
    """The clinic ended an account's access to a patient's record. phi: indirect (whose, and why).

    From then on only the clinic opens the record again: its number and birth date no longer do.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person_id = models.UUIDField()
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField()
    ended_by = models.UUIDField(null=True)

    class Meta:
        indexes = [
            # Whether a record may be linked by its number.
            models.Index(name="accounts_accessend_person", fields=["person_id"]),
        ]

    def __str__(self) -> str:
        return str(self.id)
