"""Accounts: people who sign in, what they may do and for whom. The only module others import."""

from __future__ import annotations

from steadwell.accounts.demo.people import DemoPerson, Side, list_demo_people
from steadwell.accounts.ending import end_session, sign_out_everywhere
from steadwell.accounts.errors import (
    AddressNotPlain,
    AlreadyLinked,
    AlreadySetUp,
    CodeNotMatched,
    EmailTaken,
    LastAdministrator,
    RecordNotMatched,
    TooManyInvitations,
    UnknownTimeZone,
    UserNotFound,
)
from steadwell.accounts.granting import add_proxy, end_proxy
from steadwell.accounts.granting import grant as grant_role
from steadwell.accounts.granting import revoke as revoke_role
from steadwell.accounts.invitations.codes import link_by_code, show_link_code
from steadwell.accounts.invitations.inviting import (
    invite,
    invite_staff,
    resend_invitation,
    withdraw_invitation,
)
from steadwell.accounts.linking import link_by_number
from steadwell.accounts.people import create_user, disable_user, enable_user, link_person, set_preferences
from steadwell.accounts.portal_access import end_access, end_proxy_access, portal_access
from steadwell.accounts.queries import (
    actor_for_user,
    clinician_with_email,
    contact_of,
    contacts_of,
    list_readers,
    list_sessions,
)
from steadwell.accounts.resetting import lift_lock_out, reset_second_factor
from steadwell.accounts.rights import may_manage_portal_access
from steadwell.accounts.staff import (
    contacts_of_users,
    practitioners_of_users,
    staff_at,
    users_of_practitioners,
)
from steadwell.accounts.types import (
    Contact,
    LetterState,
    LinkCode,
    OpenInvitation,
    PatientAccount,
    PortalAccess,
    ProxyHolder,
    Reader,
    SessionSummary,
)

__all__ = [
    "AddressNotPlain",
    "AlreadyLinked",
    "AlreadySetUp",
    "CodeNotMatched",
    "Contact",
    "DemoPerson",
    "EmailTaken",
    "LastAdministrator",
    "LetterState",
    "LinkCode",
    "OpenInvitation",
    "PatientAccount",
    "PortalAccess",
    "ProxyHolder",
    "Reader",
    "RecordNotMatched",
    "SessionSummary",
    "Side",
    "TooManyInvitations",
    "UnknownTimeZone",
    "UserNotFound",
    "actor_for_user",
    "add_proxy",
    "clinician_with_email",
    "contact_of",
    "contacts_of",
    "contacts_of_users",
    "create_user",
    "disable_user",
    "enable_user",
    "end_access",
    "end_proxy",
    "end_proxy_access",
    "end_session",
    "grant_role",
    "invite",
    "invite_staff",
    "lift_lock_out",
    "link_by_code",
    "link_by_number",
    "link_person",
    "list_demo_people",
    "list_readers",
    "list_sessions",
    "may_manage_portal_access",
    "portal_access",
    "practitioners_of_users",
    "resend_invitation",
    "reset_second_factor",
    "revoke_role",
    "set_preferences",
    "show_link_code",
    "sign_out_everywhere",
    "staff_at",
    "users_of_practitioners",
    "withdraw_invitation",
]
