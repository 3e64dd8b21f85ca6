#!/usr/bin/env python3
"""The one entry point of Steadwell. It starts on a bare Python 3.11+ and makes its own .venv.

This file must stay readable for any Python 3: an old one has to get as far as the sentence that says so.
"""

import os
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [ROOT, os.path.join(ROOT, "platform")]

if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036
        sys.exit(
            "Steadwell needs Python 3.11 or newer, and this is Python {}.{}.\n"
            "If a newer one is installed, start it by its name, for example: python3.12 manage.py up\n"
            "On Debian 12 and Ubuntu 24.04 the package python3 is new enough.".format(*sys.version_info[:2])
        )
    from steadwell.launcher import entry

    sys.exit(entry.main(sys.argv))
