"""Where ``manage.py COMMAND`` goes: the launcher's own commands, else Django's with the running services."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable

from steadwell.launcher import bootstrap, folders, running
from steadwell.launcher.failures import Failure

SETTINGS = "DJANGO_SETTINGS_MODULE"
NEEDS_DEVELOPMENT = {"test", "bench"}
ANSWERS_PROGRAMS = {"ucum", "rxnorm", "safety"}


def main(argv: list[str]) -> int:
    name, arguments = (argv[1], argv[2:]) if len(argv) > 1 else ("help", [])
    try:
        lock = "dev" if name in NEEDS_DEVELOPMENT or "--dev" in argv else "run"
        # What the first start has to tell must not stand among answers that a program reads.
        with contextlib.redirect_stdout(sys.stderr if name in ANSWERS_PROGRAMS else sys.stdout):
            bootstrap.enter(folders.ROOT, lock, argv)
        own = _own_command(name, arguments)
        if own is not None:
            return own(arguments)
        _use_what_runs(name)
    except Failure as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    from steadwell.config import programs

    programs.manage(argv)
    return 0


def _install(arguments: list[str]) -> int:
    """The environment itself is there: nothing gets here without one."""
    if "--dev" in arguments:
        from steadwell.launcher import tools

        tools.install()
    return 0


def _own_command(name: str, arguments: list[str]) -> Callable[[list[str]], int] | None:
    if name == "install":
        return _install
    if name == "up":
        from steadwell.launcher import up

        return up.run
    if name == "test":
        from steadwell.launcher import testing

        return testing.run
    if name == "bench":
        from steadwell.launcher import benching

        return benching.run
    if name == "status":
        from steadwell.launcher import status

        return status.run
    if name == "ucum":
        from steadwell.launcher import units

        return units.run
    if name == "rxnorm":
        from steadwell.launcher import drugs

        return drugs.run if drugs.answers(arguments) else None
    return None


def _use_what_runs(name: str) -> None:
    """Give a command of Django's the addresses of what ``up`` started, where the environment names none."""
    os.environ.setdefault(SETTINGS, "steadwell.config.settings.dev")
    if "DATABASE_URL" not in os.environ:
        state = running.find(folders.data_folder())
        for variable, value in (state.environment if state else {}).items():
            os.environ.setdefault(variable, value)
    if name == "migrate" and os.environ.get("DATABASE_OWNER_URL"):
        os.environ["DATABASE_URL"] = os.environ["DATABASE_OWNER_URL"]
