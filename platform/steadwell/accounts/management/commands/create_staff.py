"""Make an account for a member of staff and send them the letter by which they set their password."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import STAFF_ROLES, Role, system
from steadwell.errors import Refusal
from steadwell.ids import SiteId


class Command(BaseCommand):
    help = "Make an account for a member of staff; a letter tells them how to set their password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the e-mail address they will sign in with")
        parser.add_argument("--role", required=True, choices=sorted(role.value for role in STAFF_ROLES))
        parser.add_argument("--site", action="append", type=UUID, default=[], help="a site's id; repeatable")
        parser.add_argument("--time-zone", default="UTC", help="such as America/New_York")

    def handle(self, *args: Any, **options: Any) -> None:
        email, role, now = str(options["email"]).strip().lower(), Role(options["role"]), clock.now()
        if role is not Role.ADMINISTRATOR and not options["site"]:
            raise CommandError("This role holds at a site: name it with --site.")
        try:
            validate_email(email)
            with transaction.atomic():
                user_id = accounts.create_user(
                    email=email,
                    password=None,
                    roles=[role],
                    site_ids=[SiteId(site) for site in options["site"]],
                    time_zone=str(options["time_zone"]),
                    actor=system("create_staff"),
                    now=now,
                )
                accounts.invite_staff(actor=system("create_staff"), user_id=user_id, now=now)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except Refusal as refusal:
            raise CommandError(refusal.text) from refusal
        self.stdout.write(f"{email} has an account. A letter with a link to set the password is on its way.")
