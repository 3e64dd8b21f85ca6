"""What the portal is made of: vendored files unchanged, dark tokens the same twice, catalogue in step."""

from __future__ import annotations

import gettext
import hashlib
import io
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as gettext_of

from steadwell.errors import Refusal
from steadwell.portal.catalogue.extraction import extract
from steadwell.portal.catalogue.messages import compile_mo, read_po, write_po

PORTAL = Path(settings.ROOT) / "platform/steadwell/portal"
VENDOR = PORTAL / "static/portal/vendor"
SPANISH = PORTAL / "locale/es/LC_MESSAGES"
ENTRIES = tomllib.loads((VENDOR / "VENDOR.toml").read_text())["file"]


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["path"] for entry in ENTRIES])
def test_vendored_file_is_unchanged_and_licensed(entry):
    digest = hashlib.sha256((VENDOR / entry["path"]).read_bytes()).hexdigest()

    assert digest == entry["sha256"]
    assert (VENDOR / entry["licence_file"]).read_text().strip()
    assert entry["version"]
    assert entry["licence"]


def test_no_vendored_file_goes_unrecorded():
    recorded = {entry["path"] for entry in ENTRIES} | {entry["licence_file"] for entry in ENTRIES}
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}

    assert present - recorded == {"VENDOR.toml"}


def test_dark_tokens_are_the_same_in_both_places():
    css = (PORTAL / "static/portal/css/tokens.css").read_text()
    by_wish = re.search(r':root:not\(\[data-theme="light"\]\) \{(.+?)\}', css, re.S)
    by_choice = re.search(r':root\[data-theme="dark"\] \{(.+?)\}', css, re.S)

    assert by_wish
    assert by_choice
    assert by_wish[1].split() == by_choice[1].split()


def test_icons_used_are_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (PORTAL / "static/portal/img/icons.svg").read_text()))
    templates = "".join(path.read_text() for path in Path(settings.ROOT).glob("*/templates/**/*.html"))
    templates += "".join(path.read_text() for path in (PORTAL.parent).glob("*/templates/**/*.html"))

    assert set(re.findall(r'{% icon "([\w-]+)"', templates)) <= sprite


def test_compiled_catalogue_is_the_edited_one():
    messages = read_po((SPANISH / "django.po").read_text(encoding="utf-8"))

    assert (SPANISH / "django.mo").read_bytes() == compile_mo(messages.values())


def _kinds_of(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _kinds_of(each)


def test_what_is_refused_is_said_in_spanish():
    with translation.override("es"):
        said = {kind: gettext_of(str(kind.message)) for kind in _kinds_of(Refusal)}
    with translation.override("en"):
        same = {kind.code for kind, words in said.items() if words == str(kind.message)}

    assert same == set()


def test_translations_keep_their_placeholders():
    for message in read_po((SPANISH / "django.po").read_text(encoding="utf-8")).values():
        one, all_of_them = _places(message.text), _places(message.text + message.plural)
        for text in message.translations:
            # "One value" may leave out the number that "%(count)d values" has.
            assert one <= _places(text) <= all_of_them, message.text
        if message.plural:
            assert _places(message.translations[1]) == all_of_them, message.plural


def _places(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]|\{\w*\}", text))


def test_catalogue_survives_writing_and_reading():
    source = extract(Path(settings.ROOT))
    message = next(iter(source.values()))
    message.translations = ['Así "se" dice\n', "Así se dicen"] if message.plural else ['Así "se" dice\n']

    again = read_po(write_po(source.values()))

    assert {key: m.translations for key, m in again.items()} == {k: m.translations for k, m in source.items()}


def test_compiled_form_is_what_gettext_reads():
    sample = read_po(
        'msgid "Free"\nmsgstr "Libre"\n\n'
        'msgctxt "clinic"\nmsgid "Free"\nmsgstr "Gratis"\n\n'
        'msgid "%(n)d time"\nmsgid_plural "%(n)d times"\nmsgstr[0] "%(n)d hora"\nmsgstr[1] "%(n)d horas"\n'
    )

    loaded = gettext.GNUTranslations(io.BytesIO(compile_mo(sample.values())))

    assert loaded.gettext("Free") == "Libre"
    assert loaded.pgettext("clinic", "Free") == "Gratis"
    assert loaded.ngettext("%(n)d time", "%(n)d times", 2) == "%(n)d horas"


def test_weekdays_and_months_stay_as_django_has_them():
    """Our catalogue stands before Django's: a capital letter here would show up in every date."""
    with translation.override("es"):
        assert gettext_of("Monday") == "lunes"
        assert gettext_of("March") == "marzo"


def test_texts_given_to_other_tags_are_found(tmp_path):
    page = tmp_path / "labs/templates/labs/page.html"
    page.parent.mkdir(parents=True)
    page.write_text('{% load i18n %}{% badge _("Late") "warn" %} {% translate "Here" %} _("not a tag")')

    assert {text for _, text in extract(tmp_path)} == {"Late", "Here"}


def test_every_text_of_the_source_is_translated():
    """When this fails: ``python3 manage.py catalogue --missing``, translate in the .po, and run it again."""
    known = read_po((SPANISH / "django.po").read_text(encoding="utf-8"))
    source = extract(Path(settings.ROOT))

    assert sorted(key for key in source if key not in known or not known[key].is_translated) == []
