"""``python3 manage.py fhir client|token|revoke|index``: for whoever connects an EHR system."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fhir_facade.server import filling
from fhir_facade.smart import tokens
from steadwell import clock
from steadwell.actor import system
from steadwell.errors import Refusal
from steadwell.ids import PersonId, SiteId, UserId

OPERATOR = system("operator")


class Command(BaseCommand):
    help = "Register a FHIR client, give it a token, end a token. Each act is audited."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        client = acts.add_parser("client", help="make a client known, or change it")
        client.add_argument("client_id")
        client.add_argument("name")
        client.add_argument("--scopes", default="", help="the most its tokens may hold; empty: anything")
        client.add_argument("--per-minute", type=int, default=600)
        client.add_argument("--site", type=UUID, help="where results that it sends belong")
        client.add_argument(
            "--medicine-source", default="ehr-a", choices=("ehr-a", "ehr-b", "pharmacy"),
            help="as which source medicines that it sends are kept",
        )  # fmt: skip
        token = acts.add_parser("token", help="print a new token of a client; it is shown this once")
        token.add_argument("client_id")
        token.add_argument("--scope", required=True, help="such as 'system/*.cruds' or 'patient/*.rs'")
        token.add_argument("--patient", type=UUID, help="the patient in context")
        token.add_argument("--user", type=UUID, help="the user it acts for")
        token.add_argument("--fhir-user", default="")
        token.add_argument("--minutes", type=float, default=60)
        revoke = acts.add_parser("revoke", help="end a token at once")
        revoke.add_argument("id", type=UUID)
        index = acts.add_parser("index", help="make what was written before be found by newer search words")
        index.add_argument("--type", action="append", default=[], help="only this type; may be said again")
        index.add_argument("--after", type=UUID, help="go on behind this id, which an earlier run printed")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['act']}")(options)
        except Refusal as refusal:
            said = "; ".join(refusal.fields.values()) or refusal.text
            raise CommandError(f"{refusal.code}: {said}") from refusal

    def _client(self, options: dict[str, Any]) -> None:
        site = options["site"]
        tokens.register_client(
            actor=OPERATOR, client_id=options["client_id"], name=options["name"], allowed=options["scopes"],
            per_minute=options["per_minute"], site_id=SiteId(site) if site else None,
            medicine_source=options["medicine_source"], now=clock.now(),
        )  # fmt: skip
        self.stdout.write(f"{options['client_id']} is registered")

    def _token(self, options: dict[str, Any]) -> None:
        user, patient = options["user"], options["patient"]
        token, grant = tokens.issue(
            actor=OPERATOR, client_id=options["client_id"], scope=options["scope"],
            user_id=UserId(user) if user else None, person_id=PersonId(patient) if patient else None,
            fhir_user=options["fhir_user"], lifetime=timedelta(minutes=options["minutes"]), now=clock.now(),
        )  # fmt: skip
        self.stderr.write(f"token {grant.token_id}, until {grant.expires_at:%Y-%m-%d %H:%M} UTC")
        self.stdout.write(token)

    def _revoke(self, options: dict[str, Any]) -> None:
        tokens.revoke(actor=OPERATOR, token_id=options["id"], now=clock.now())
        self.stdout.write("ended")

    def _index(self, options: dict[str, Any]) -> None:
        """Beside live traffic, stopped and started again at will: what is there is left alone."""
        after, looked_at, added = options["after"], 0, 0
        while True:
            step = filling.fill(after=after, kinds=options["type"], now=clock.now())
            looked_at, added = looked_at + step.looked_at, added + step.added
            if step.last is None:
                break
            after = step.last
            self.stderr.write(f"up to {after}: {looked_at} looked at, {added} words added")
        self.stdout.write(f"{looked_at} looked at, {added} words added")
