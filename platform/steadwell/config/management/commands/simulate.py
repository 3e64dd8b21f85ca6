"""``python3 manage.py simulate WHAT``: an outside party as a process of its own, to try the platform with."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


def _pharmacy_arguments(parser: ArgumentParser) -> None:
    from medications import ports as medications

    parser.add_argument("--port", type=int, default=8791)
    parser.add_argument("--token", default="simulated")
    parser.add_argument("--behaviour", choices=medications.BEHAVIOURS, default="fill")


def _pharmacy(options: Mapping[str, Any]) -> None:
    from medications import ports as medications

    medications.run_simulated_pharmacy(
        port=options["port"], token=options["token"], behaviour=options["behaviour"]
    )


def _providers_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=2600, help="of the control; the others follow it")


def _providers(options: Mapping[str, Any]) -> None:
    from notifications import ports as notifications

    notifications.run_simulated_providers(port=options["port"])


# Name -> what it is, its arguments, and what runs it. Whoever simulates another party adds a line.
PARTIES: Mapping[str, tuple[str, Callable[[ArgumentParser], None], Callable[[Mapping[str, Any]], None]]] = {
    "pharmacy": (
        "A pharmacy network: set PHARMACY_URL to its address and PHARMACY_TOKEN to its token. POST /control"
        ' {"behaviour": "silent"} changes what it does.',
        _pharmacy_arguments,
        _pharmacy,
    ),
    "providers": (
        "Providers of text messages, mail and push. Its first line names the ports; its control can make each"
        " refuse, hang, fail, be slow, lose what it took, and report late or twice.",
        _providers_arguments,
        _providers,
    ),
}


class Command(BaseCommand):
    help = "Run an outside party as a process of its own, on loopback."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parties = parser.add_subparsers(dest="party", required=True)
        for name, (what, arguments, _run) in PARTIES.items():
            arguments(parties.add_parser(name, help=what, description=what))

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.SECURE_SSL_REDIRECT:
            raise CommandError("Production has real partners.")
        PARTIES[options["party"]][2](options)
