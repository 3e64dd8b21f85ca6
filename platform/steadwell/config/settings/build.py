"""Building the image: collects static files as production serves them, without any of production's secrets.

Nothing can be served with it: it has no database and answers to no host.
"""

from __future__ import annotations

import secrets

from steadwell.config.settings.base import *  # noqa: F403

DEBUG = False
DEMO = False
SECRET_KEY = secrets.token_urlsafe(50)
ALLOWED_HOSTS: list[str] = []
DATABASES: dict[str, dict[str, str]] = {}
