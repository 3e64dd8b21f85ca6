"""Production. It refuses to start on anything unsafe and names the variable."""

from __future__ import annotations

from steadwell.config import env
from steadwell.config.settings.base import *  # noqa: F403
from steadwell.config.settings.base import DATABASE_POOL, database

if env.flag("DEBUG"):
    raise env.Misconfigured("DEBUG is on. Production does not start with it: unset DEBUG.")
if env.flag("DEMO"):
    raise env.Misconfigured("DEMO is on. The demo signs anybody in: unset DEMO.")
DEBUG = False
DEMO = False
SECRET_KEY = env.text("SECRET_KEY")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
DATABASES = {"default": database(env.text("DATABASE_URL"), pool=DATABASE_POOL)}
