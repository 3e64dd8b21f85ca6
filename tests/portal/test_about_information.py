"""The notices that licences ask for are where every user can read them, and in the repository."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils.html import escape

from steadwell.portal.about import NOTICES

PLAIN_QUOTES = {ord("“"): '"', ord("”"): '"'}
pytestmark = pytest.mark.django_db


def test_page_shows_every_notice_and_source_to_anybody():
    page = Client().get("/about-the-information/")

    text = page.content.decode()
    assert page.status_code == 200
    assert all(escape(notice) in text for notice in NOTICES)
    assert "ABIM Laboratory Test Reference Ranges 2026</li>" in text
    assert "Kost GJ, JAMA 1990;263:704</li>" in text


def test_every_page_links_to_it():
    assert 'href="/about-the-information/"' in Client().get("/").content.decode()


def test_repository_carries_the_same_notices():
    text = (Path(settings.ROOT) / "NOTICE.md").read_text(encoding="utf-8")
    words = re.sub(r"\s+", " ", re.sub(r"(?m)^> |[<>]", "", text))

    assert [notice for notice in NOTICES if notice.translate(PLAIN_QUOTES) not in words] == []
