"""Accounts in the Django admin: read by default; changes go through the service, so that they are audited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from steadwell import clock
from steadwell.accounts import ending, granting, people, resetting
from steadwell.accounts.admin_forms import NewGrantForm, NewProxyForm, NewUserForm
from steadwell.accounts.invitations import inviting
from steadwell.accounts.models import Grant, Invitation, Proxy, Session, User
from steadwell.accounts.portal_access import letter_state
from steadwell.accounts.types import LetterState
from steadwell.actor import Role
from steadwell.audit.looking import LookedAt, actor_of
from steadwell.errors import Refusal
from steadwell.ids import PersonId, SiteId, UserId

INVITED = {
    LetterState.ON_ITS_WAY: gettext_lazy("on its way"),
    LetterState.SENT: gettext_lazy("sent"),
    LetterState.NOT_SENT: gettext_lazy("the address was refused"),
    LetterState.EXPIRED: gettext_lazy("expired"),
    LetterState.BLOCKED: gettext_lazy("blocked"),
}


class ReadFirst(LookedAt):
    """For administrators only. New rows are made through the service."""

    readers = (Role.ADMINISTRATOR,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).has(Role.ADMINISTRATOR)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit holds it; Django's own log would hold addresses."""
        return None


def _each(
    request: HttpRequest, chosen: QuerySet[Any], act: Callable[[Any], object], said: Callable[[int], str]
) -> None:
    done = 0
    for row in chosen:
        try:
            act(row)
        except Refusal as refusal:
            messages.error(request, refusal.text)
        else:
            done += 1
    if done:
        messages.success(request, said(done) % {"count": done})


def _each_account(
    request: HttpRequest, chosen: QuerySet[User], act: Callable[..., object], said: Callable[[int], str]
) -> None:
    def act_on(user: User) -> None:
        act(actor=actor_of(request), user_id=UserId(user.pk), now=clock.now())

    _each(request, chosen, act_on, said)


@admin.register(User)
class UserAdmin(ReadFirst):
    form = NewUserForm
    list_display = ("email", "is_active", "is_patient", "invitation", "last_login", "created_at")
    list_filter = ("is_active", "grants__role")
    search_fields = ("email__startswith",)
    readonly_fields = ("person_id", "practitioner_id", "last_login", "created_at")
    actions = (
        "invite_again", "disable", "enable", "end_sessions", "lift_lock_out", "reset_second_factor",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None:
            return ["email", "role", "site_id", "time_zone"]
        return [
            "email", "is_active", "person_id", "practitioner_id", "language", "time_zone",
            "last_login", "created_at",
        ]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return () if obj is None else tuple(self.get_fields(request, obj))

    @admin.display(boolean=True, description=gettext_lazy("patient"))
    def is_patient(self, user: User) -> bool:
        return user.person_id is not None

    @admin.display(description=gettext_lazy("invitation"))
    def invitation(self, user: User) -> str:
        """How the letter to a new member of staff stands; nothing once it was followed."""
        letters: list[Invitation] = user.open_letters  # type: ignore[attr-defined]
        return str(INVITED[letter_state(letters[0], letters[0].letter, clock.now())]) if letters else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        is_open = Invitation.objects.filter(kind=Invitation.Kind.STAFF, ended_at=None)
        letters = Prefetch("invitations", is_open.select_related("letter"), to_attr="open_letters")
        return super().get_queryset(request).prefetch_related(letters)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """The account and the letter that opens it, or neither."""
        data = form.cleaned_data
        with transaction.atomic():
            obj.pk = people.create_user(
                actor=actor_of(request),
                email=data["email"],
                password=None,
                roles=[Role(data["role"])],
                site_ids=[SiteId(data["site_id"])] if data["site_id"] else [],
                time_zone=data["time_zone"],
                now=clock.now(),
            )
            inviting.invite_staff(actor=actor_of(request), user_id=UserId(obj.pk), now=clock.now())
        messages.info(request, _("A letter with a link to set the password is on its way."))

    @admin.action(description=gettext_lazy("Send the invitation again"))
    def invite_again(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        _each_account(
            request, chosen, inviting.invite_staff,
            lambda n: ngettext("%(count)d invitation is sent.", "%(count)d invitations are sent.", n),
        )  # fmt: skip

    @admin.action(description=gettext_lazy("Disable: keep out from now on"))
    def disable(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        _each_account(
            request, chosen, people.disable_user,
            lambda n: ngettext("%(count)d account is disabled.", "%(count)d accounts are disabled.", n),
        )  # fmt: skip

    @admin.action(description=gettext_lazy("Enable again"))
    def enable(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        _each_account(
            request, chosen, people.enable_user,
            lambda n: ngettext("%(count)d account is enabled.", "%(count)d accounts are enabled.", n),
        )  # fmt: skip

    @admin.action(description=gettext_lazy("Sign out everywhere"))
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        _each_account(
            request, chosen, ending.sign_out_everywhere,
            lambda n: ngettext("%(count)d account is signed out.", "%(count)d accounts are signed out.", n),
        )  # fmt: skip

    @admin.action(description=gettext_lazy("Lift the lock-out"))
    def lift_lock_out(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        _each_account(
            request, chosen, resetting.lift_lock_out,
            lambda n: ngettext("%(count)d account is open again.", "%(count)d accounts are open again.", n),
        )  # fmt: skip

    @admin.action(description=gettext_lazy("Reset the second factor (after checking who is asking)"))
    def reset_second_factor(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        _each_account(
            request, chosen, resetting.reset_second_factor,
            lambda n: ngettext("%(count)d account starts afresh.", "%(count)d accounts start afresh.", n),
        )  # fmt: skip


@admin.register(Grant)
class GrantAdmin(ReadFirst):
    form = NewGrantForm
    list_display = ("user", "role", "site_id", "valid_from", "valid_until")
    list_filter = ("role",)
    list_select_related = ("user",)
    search_fields = ("user__email__startswith",)
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: Grant | None = None) -> Any:
        if obj is None:
            return ["email", "role", "site_id"]
        return ["user", "role", "site_id", "valid_from", "valid_until", "granted_by", "revoked_by"]

    def save_model(self, request: HttpRequest, obj: Grant, form: NewGrantForm, change: bool) -> None:
        site = form.cleaned_data["site_id"]
        user_id: UUID = form.cleaned_data["user"].pk
        role = Role(form.cleaned_data["role"])
        granting.grant(
            actor=actor_of(request),
            user_id=UserId(user_id),
            role=role,
            site_ids=[SiteId(site)] if site else [],
            now=clock.now(),
        )
        held = Grant.objects.filter(user_id=user_id, role=role, valid_until__isnull=True)
        obj.pk = held.values_list("pk", flat=True).latest("valid_from")
        obj.user_id = user_id

    @admin.action(description=gettext_lazy("Take these roles back"))
    def revoke(self, request: HttpRequest, chosen: QuerySet[Grant]) -> None:
        _each(
            request,
            chosen,
            lambda held: granting.revoke(
                actor=actor_of(request),
                user_id=UserId(held.user_id),
                role=Role(held.role),
                site_id=SiteId(held.site_id) if held.site_id else None,
                now=clock.now(),
            ),
            lambda n: ngettext("%(count)d role is taken back.", "%(count)d roles are taken back.", n),
        )


@admin.register(Proxy)
class ProxyAdmin(ReadFirst):
    form = NewProxyForm
    list_display = ("user", "relationship", "valid_from", "until_on", "valid_until")
    list_select_related = ("user",)
    search_fields = ("user__email__startswith",)
    actions = ("end",)

    def get_fields(self, request: HttpRequest, obj: Proxy | None = None) -> Any:
        if obj is None:
            return ["email", "person_id", "relationship", "until_on", "time_zone"]
        return [
            "user", "person_id", "relationship", "valid_from", "valid_until", "until_on", "time_zone",
            "granted_by", "revoked_by",
        ]  # fmt: skip

    def save_model(self, request: HttpRequest, obj: Proxy, form: NewProxyForm, change: bool) -> None:
        data = form.cleaned_data
        obj.user_id = data["user"].pk
        obj.pk = granting.add_proxy(
            actor=actor_of(request),
            user_id=UserId(data["user"].pk),
            person_id=PersonId(data["person_id"]),
            relationship=data["relationship"],
            until_on=data["until_on"],
            time_zone=data["time_zone"],
            now=clock.now(),
        )

    @admin.action(description=gettext_lazy("End these rights"))
    def end(self, request: HttpRequest, chosen: QuerySet[Proxy]) -> None:
        _each(
            request,
            chosen,
            lambda held: granting.end_proxy(actor=actor_of(request), proxy_id=held.pk, now=clock.now()),
            lambda n: ngettext("%(count)d right is ended.", "%(count)d rights are ended.", n),
        )


@admin.register(Session)
class SessionAdmin(ReadFirst):
    list_display = ("id", "user", "device", "created_at", "last_seen_at")
    list_select_related = ("user",)
    search_fields = ("user__email__startswith",)
    list_display_links = None
    actions = ("end",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        return super().get_queryset(request).filter(user__isnull=False).defer("data")

    @admin.action(description=gettext_lazy("End these sessions"))
    def end(self, request: HttpRequest, chosen: QuerySet[Session]) -> None:
        _each(
            request,
            chosen,
            lambda row: ending.end_session(
                actor=actor_of(request), user_id=UserId(row.user_id), session_id=row.id, now=clock.now()
            ),
            lambda n: ngettext("%(count)d session is ended.", "%(count)d sessions are ended.", n),
        )


__all__ = ["GrantAdmin", "ProxyAdmin", "SessionAdmin", "UserAdmin"]
