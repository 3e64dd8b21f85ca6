"""`platform/` must never become a package: it would shadow the standard library's module (DESIGN 2)."""

from __future__ import annotations

import platform
from pathlib import Path

from django.conf import settings

FOLDER = Path(settings.ROOT) / "platform"


def test_platform_folder_holds_no_python_of_its_own():
    assert list(FOLDER.glob("*.py")) == []


def test_platform_is_still_the_standard_library():
    assert Path(platform.__file__ or "").parent != FOLDER

    assert platform.python_version().startswith("3.")
