"""What the clinic does for somebody who cannot get in, after making sure who is asking."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from steadwell.accounts import auditing
from steadwell.accounts.errors import UserNotFound
from steadwell.accounts.models import Session, User
from steadwell.accounts.sign_in.lockout import forget_failures
from steadwell.actor import Actor
from steadwell.ids import UserId


def lift_lock_out(*, actor: Actor, user_id: UserId, now: datetime) -> None:
    """Open the doors of an account again before the pause is over. Raises UserNotFound."""
    with transaction.atomic():
        email = User.objects.filter(pk=user_id).values_list("email", flat=True).first()
        if email is None:
            raise UserNotFound
        forget_failures(email)
        auditing.record(actor=actor, action="lock_out_lifted", now=now, user_id=user_id)


def reset_second_factor(*, actor: Actor, user_id: UserId, now: datetime) -> None:
    """Remove every second factor of a user and end their sessions; staff enrol anew at the next sign-in."""
    with transaction.atomic():
        if not User.objects.filter(pk=user_id).exists():
            raise UserNotFound
        Authenticator.objects.filter(user_id=user_id).delete()
        Session.objects.filter(user_id=user_id).delete()
        auditing.record(actor=actor, action="second_factor_reset", now=now, user_id=user_id)
