"""The portal in a real browser: narrow and wide, light and dark, with keyboard, on paper, without script."""

from __future__ import annotations

import pytest
from browsing import NARROW, WIDE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = ["/", "/components/", "/components/dialog/"]
ERRORS = [f"/components/error/{status}/" for status in (400, 403, 404, 409, 410, 412, 500, 503)]


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_page_passes_axe(reader, path, viewport, scheme):
    visitor = reader(viewport, color_scheme=scheme)

    visitor.open(path)

    visitor.check(path)


@pytest.mark.parametrize("path", ERRORS)
def test_error_page_passes_axe(reader, path):
    visitor = reader(NARROW)

    visitor.open(path)

    visitor.complaints.clear()  # the browser itself reports the status of the page
    visitor.check(path)
