"""A laptop: ``python3 manage.py up`` sets the addresses of its own Postgres and Valkey."""

from __future__ import annotations

from ipaddress import ip_network

from steadwell.config import env
from steadwell.config.settings.base import *  # noqa: F403
from steadwell.config.settings.base import DATABASE_POOL, database

DEBUG = False
SECRET_KEY = env.text("SECRET_KEY", "development-only-key-that-production-refuses-to-start-with")
AUDIT_SEAL_KEY = env.text("AUDIT_SEAL_KEY", "development-only-key-that-production-refuses-to-start-with")
# Names of this machine only: the demo signs anybody in, and a rebound name must not reach it.
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
DEMO = env.flag("DEMO", default=True)
DATABASES = {"default": database(env.text("DATABASE_URL", "postgresql:///steadwell"), pool=DATABASE_POOL)}
# Static files come from where they are written: a laptop needs no collectstatic.
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
OUTBOUND_NETWORKS = [ip_network("127.0.0.0/8")]  # a laptop's apps and services stand beside it
