"""The WSGI entry point: ``gunicorn steadwell.config.wsgi``."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "steadwell.config.settings.dev")

application = get_wsgi_application()
# Every view is imported here, by one thread. Left to the first requests, several threads would import the
# same modules at once, and one could find another's half done.
get_resolver().reverse_dict  # noqa: B018
