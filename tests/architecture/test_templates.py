"""Templates: short, on the shell, strict about scripts and styles, and every word translatable."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser

import pytest
from source_tree import Source, planted, templates

MOST_LINES = 120
SHELL = "portal/shell.html"
SPOKEN_ATTRIBUTES = {"alt", "title", "aria-label", "placeholder"}
NAMES = {"Steadwell"}


def long_templates(sources: Iterable[Source]) -> list[str]:
    return [f"{s.path}: {n} lines" for s in sources if (n := s.text.count("\n")) > MOST_LINES]


def inline_code(sources: Iterable[Source]) -> list[str]:
    """What a strict Content-Security-Policy refuses, and anything from another origin."""
    patterns = [
        re.compile(r"<script(?![^>]*\bsrc=)", re.I),
        re.compile(r"<style\b", re.I),
        re.compile(r"<[^>]+\sstyle\s*=", re.I),
        re.compile(r"<[^>]+\son[a-z]+\s*=", re.I),
        re.compile(r"javascript:", re.I),
        re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=[\"'](?:https?:)?//", re.I),
        re.compile(r"\bhx-on\b|\bhx-vals=[\"']js:", re.I),
        re.compile(r"\|\s*safe\b"),
    ]
    found = [(s, p) for s in sources for p in patterns if p.search(s.text)]
    # A mail is read in a mail programme, which knows no address of ours: its style travels with it.
    return [f"{s.path}: {p.pattern}" for s, p in found if "/mail/" not in s.path or "style" not in p.pattern]


def off_the_shell(sources: Iterable[Source]) -> list[str]:
    """Each page extends the portal's shell, itself or through another that does. Parts are named with `_`."""
    sources = list(sources)
    extends = {_name(s): _parent(s) for s in sources}
    return [
        s.path
        for s in sources
        if not _is_part(s) and not _reaches_shell(_name(s), extends) and _name(s) != SHELL
    ]


def _name(source: Source) -> str:
    return source.path.split("/templates/", 1)[1]


def _parent(source: Source) -> str | None:
    found = re.search(r"{%\s*extends\s+[\"']([^\"']+)[\"']", source.text)
    return found.group(1) if found else None


def _reaches_shell(name: str | None, extends: dict[str, str | None]) -> bool:
    while name in extends and name != SHELL:
        name = extends[name]
    return name == SHELL or (name or "").startswith("admin/")


def _is_part(source: Source) -> bool:
    folders = set(_name(source).split("/")[:-1])
    return bool(
        folders & {"components", "mail", "messages", "elements", "email", "panels", "forms"}
    ) or _name(source).split("/")[-1].startswith("_")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self._note(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in SPOKEN_ATTRIBUTES:
                self._note(value or "")

    def _note(self, text: str) -> None:
        words = set(re.findall(r"[A-Za-z]{2,}", text)) - NAMES
        if words:
            self.found.append(" ".join(text.split()))


def untranslatable(sources: Iterable[Source]) -> list[str]:
    """Words that no translator will ever see."""
    found: list[str] = []
    for source in sources:
        text = re.sub(r"{%\s*comment.*?endcomment\s*%}", "", source.text, flags=re.S)
        text = re.sub(r"{%\s*block \w+_(?:shape|class)\s*%}.*?{%\s*endblock\s*%}", "", text)  # class names
        text = re.sub(r"{%\s*blocktrans(?:late)?\b.*?endblocktrans(?:late)?\s*%}", "", text, flags=re.S)
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", text, flags=re.S)
        parser = _Words()
        parser.feed(text)
        found += [f"{source.path}: {words}" for words in parser.found]
    return found


PAGE = "scheduling/templates/scheduling/planted.html"
CHECKS = {
    "length": (long_templates, "<p></p>\n" * 121),
    "script": (inline_code, "<script>go()</script>"),
    "style element": (inline_code, "<style>p{}</style>"),
    "style attribute": (inline_code, '<p style="color:red">'),
    "handler": (inline_code, '<button onclick="go()">'),
    "other origin": (inline_code, '<script src="https://cdn.example/x.js"></script>'),
    "safe": (inline_code, "{{ text|safe }}"),
    "shell": (off_the_shell, "{% extends 'other/base.html' %}"),
    "words": (untranslatable, "<p>Book a visit</p>"),
    "spoken attribute": (untranslatable, '<input placeholder="Search here">'),
}


@pytest.mark.parametrize("name", CHECKS)
def test_templates_keep_the_rule(name):
    assert CHECKS[name][0](templates()) == []


@pytest.mark.parametrize("name", CHECKS)
def test_check_catches_a_planted_breach(name):
    check, sample = CHECKS[name]

    assert check(planted(PAGE, sample)) != []


def test_a_good_page_passes_every_check():
    page = (
        "{% extends 'portal/shell.html' %}{% load i18n %}{# a note #}\n"
        "{% block content %}<p>{% translate 'Book' %} {{ name }}</p>"
        '<script src="{% static \'a.js\' %}" type="module"></script>{% endblock %}'
    )

    assert [check(planted(PAGE, page)) for check, _sample in CHECKS.values()] == [[]] * len(CHECKS)
