"""Make the first administrator. There is no default password, here or anywhere."""

from __future__ import annotations

from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.accounts.models import User
from steadwell.actor import Role, system


class Command(BaseCommand):
    help = "Make an administrator, who then sets up a second factor at the first sign-in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the e-mail address they will sign in with")
        parser.add_argument("--time-zone", default="UTC", help="such as America/New_York")

    def handle(self, *args: Any, **options: Any) -> None:
        email = str(options["email"]).strip().lower()
        try:
            validate_email(email)
            password = self._ask()
            validate_password(password, User(email=email))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        try:
            accounts.create_user(
                email=email,
                password=password,
                roles=[Role.ADMINISTRATOR],
                now=clock.now(),
                actor=system("create_administrator"),
                time_zone=str(options["time_zone"]),
            )
        except (accounts.EmailTaken, accounts.UnknownTimeZone) as refusal:
            raise CommandError(refusal.text) from refusal
        self.stdout.write(f"{email} is an administrator. The first sign-in leads to a second factor.")

    def _ask(self) -> str:
        """Twice and unseen."""
        password = getpass("Password (at least 12 characters): ")
        if getpass("The same once more: ") != password:
            raise CommandError("The two were not the same. Nothing was made.")
        return password
