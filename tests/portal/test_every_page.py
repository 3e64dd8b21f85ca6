"""Rules that hold for all pages at once: headings, titles, nothing raw, Spanish where it was chosen."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import every_page
import pytest
from django.conf import settings

from steadwell.portal.catalogue.messages import read_po

pytestmark = pytest.mark.django_db
RAW = re.compile(
    r"\b\d{4}-\d\d-\d\d\b"  # a date as machines write it
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-"  # an id
    r"|\bNone\b(?=$|[.,;])|\{\{|%\(\w+\)|\bundefined\b"  # what a template left over
)
# A word of the program in place of a word of a language: "no-answer".
CODE = re.compile(r"^[a-z]{2,}(-[a-z]{2,})+$")
# For developers what they have to copy is code.
DEVELOPERS = {"oauth:developers", "oauth:register"}
# Rightly the same under two addresses: one page in two states.
SAME_TITLE = {"Iniciar sesión", "Aquí no hay nada", "Un mes de un vistazo", "¿De quién es la visita?"}
# What stands in the catalogue and is also a name: of a language in itself, of a clinic's kind of visit, of
# its rooms, which stand on a page on the days that have a visit there.
NAMES = {"English", "Physiotherapy", "Group room", "Treatment room", "Ultrasound"}


@pytest.fixture
def _seeded():
    every_page.seed()


def _translated() -> set[str]:
    """Each English text of the catalogue that no Spanish text is the same as."""
    path = Path(settings.ROOT) / "platform/steadwell/portal/locale/es/LC_MESSAGES/django.po"
    messages = read_po(path.read_text(encoding="utf-8")).values()
    spanish = {each for message in messages for each in message.translations}
    return {message.text for message in messages} - spanish - NAMES


@pytest.mark.timeout(1200)  # some hundred pages of a whole clinic
@pytest.mark.usefixtures("_seeded")
def test_every_page_says_what_it_is_in_the_language_that_was_chosen():
    english = _translated()
    complaints: dict[str, list[str]] = defaultdict(list)
    for side in every_page.SIDES:
        client = every_page.client_of(side)
        every_page.choose_language(client, "es")
        titles: dict[str, set[str]] = defaultdict(set)
        for name, path, page in every_page.walk(client):
            seen = every_page.Seen(page)
            titles[seen.title].add(name)
            if '<html lang="es"' not in page:
                complaints["not in Spanish"].append(path)
            for wrong in [*_wrong_headings(seen), *_wrong_texts(seen, name, english)]:
                complaints[wrong].append(f"{side}: {name}")
        for title, names in titles.items():
            if len(names) > 1 and title.partition(" · ")[0] not in SAME_TITLE:
                complaints[f"one title, {title!r}"] += sorted(names)

    told = [f"{what}: {sorted(set(where))[:4]}" for what, where in sorted(complaints.items())]
    assert not told, "\n".join(told)


def _wrong_headings(seen: every_page.Seen) -> Iterator[str]:
    levels = [level for level, _ in seen.headings]
    if levels.count(1) != 1:
        yield f"{levels.count(1)} h1"
    for above, below in pairwise(levels):
        if below > above + 1:
            yield f"h{below} after h{above}"


def _wrong_texts(seen: every_page.Seen, name: str, english: set[str]) -> Iterator[str]:
    for text in seen.texts:
        if name in DEVELOPERS:
            continue
        if text in english:
            yield f"not translated: {text}"
        if RAW.search(text) or CODE.match(text):
            yield f"raw: {text[:60]}"
