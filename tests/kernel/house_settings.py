"""The tests' settings with the tests' consumers: for the processes that a test starts."""

from __future__ import annotations

from steadwell.config.settings.test import *  # noqa: F403
from steadwell.config.settings.test import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "effects_app.EffectsConfig"]
