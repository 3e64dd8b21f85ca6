"""``python3 manage.py import_schedule FILE.ics --clinician ID|EMAIL``: another calendar's busy time."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import system
from steadwell.errors import NotFound, Refusal
from steadwell.ids import PractitionerId, SiteId


class Command(BaseCommand):
    help = (
        "Read a calendar file as busy time of a clinician. The file is all there is of that calendar: what is"
        " not in it any more ends. It changes nothing when a line cannot be used."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--clinician", required=True, help="the clinician's id, or the e-mail they sign in with"
        )
        parser.add_argument("--site", type=UUID, help="the site in whose zone times without one are read")
        parser.add_argument(
            "--source", default="", help="which calendar it is, where the clinician has more than one"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would be added (+), kept (=) and ended (-)"
        )
        parser.add_argument(
            "--force", action="store_true", help="also where the file holds far less than was imported before"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        from scheduling import service as scheduling

        path: Path = options["file"]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        try:
            report = scheduling.import_calendar(
                actor=system("import_schedule"),
                practitioner_id=_clinician(options["clinician"]),
                content=content,
                now=clock.now(),
                site_id=SiteId(options["site"]) if options["site"] else None,
                source=options["source"],
                force=options["force"],
                dry_run=options["dry_run"],
            )
        except scheduling.ScheduleMuchSmaller as refused:
            raise CommandError(
                f"{path.name} holds {refused.after} busy stretches; {refused.before} were imported before and"
                " are still ahead. That looks like half an export or the wrong file, so nothing was changed."
                " Look with --dry-run --force, and import with --force if it is right."
            ) from refused
        except scheduling.ScheduleNotReadable as refused:
            for line, text in refused.fields.items():
                self.stderr.write(f"{path.name}:{line}: {text}")
            raise CommandError("Nothing was changed.") from refused
        except NotFound as error:
            raise CommandError("There is no such clinician with hours, or no such site.") from error
        except Refusal as error:
            raise CommandError(error.text) from error
        for remark in report.left_out:
            self.stdout.write(f"{path.name}:{remark.line}: left out: {remark.text}")
        if options["dry_run"]:
            for mark, stretches in (("+", report.added), ("=", report.kept), ("-", report.ended)):
                for each in stretches:
                    self.stdout.write(
                        f"{mark} {each.starts_at:%Y-%m-%d %H:%MZ} to {each.ends_at:%Y-%m-%d %H:%MZ}"
                    )
        for visit in report.visits:
            when = f"{visit.starts_at:%Y-%m-%d %H:%MZ}"
            self.stdout.write(f"A visit stands in busy time: {visit.appointment_id}, {when}")
        self.stdout.write(
            f"{report.stretches} busy stretches of {report.events} events: {len(report.added)} new,"
            f" {len(report.kept)} as before; {len(report.ended)} earlier ones ended."
        )
        if options["dry_run"]:
            self.stdout.write("Nothing was changed: this was a dry run.")


def _clinician(text: str) -> PractitionerId:
    if "@" in text:
        found = accounts.clinician_with_email(text)
        if found is None:
            raise CommandError(f"Nobody signs in as a clinician with {text}.")
        return found
    try:
        return PractitionerId(UUID(text))
    except ValueError as error:
        raise CommandError("--clinician takes an id or an e-mail.") from error
