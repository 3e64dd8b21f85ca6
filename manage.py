#!/usr/bin/env python3
"""The one entry point of Steadwell. It starts on a bare Python 3.11+ and makes its own .venv."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(ROOT / "platform")]

if __name__ == "__main__":
    python = ROOT / ".venv/bin/python"
    if python.exists() and Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
        os.execv(python, [str(python), *sys.argv])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "steadwell.config.settings.dev")
    if sys.argv[1:2] == ["test"]:
        from steadwell.launcher import testing

        sys.exit(testing.run(sys.argv[2:]))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
