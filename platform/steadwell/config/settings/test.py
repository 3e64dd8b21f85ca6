"""Tests: real Postgres and real Valkey, started by ``python3 manage.py test``."""

from __future__ import annotations

from ipaddress import ip_network

from steadwell.config import env
from steadwell.config.settings.base import *  # noqa: F403
from steadwell.config.settings.base import database

DEBUG = False
SECRET_KEY = "test-key"  # noqa: S105
AUDIT_SEAL_KEY = "test-key"
ALLOWED_HOSTS = ["*"]
DEMO = True
DATABASES = {"default": database(env.text("DATABASE_URL", "postgresql:///steadwell"))}
# A slow machine is no failure: what waits for a lock here waits for another test's thread, not for a person.
DATABASES["default"]["OPTIONS"]["options"] += (
    " -c lock_timeout=30s -c statement_timeout=120s -c idle_in_transaction_session_timeout=120s"
)
DATABASES["default"]["OPTIONS"]["connect_timeout"] = 60
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True  # static files from where they are written; nothing is collected for a test
WHITENOISE_USE_FINDERS = True
OUTBOUND_NETWORKS = [ip_network("127.0.0.0/8")]  # a laptop's apps and services stand beside it
