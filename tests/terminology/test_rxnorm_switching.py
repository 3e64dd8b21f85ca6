"""From one release to the next: in one step, under readers, and not at all where the load breaks off."""

from __future__ import annotations

import itertools
import threading
import time
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from rxnorm_release import many, small

from steadwell.terminology import service as terminology
from steadwell.terminology.models import RxNormIndex, RxNormName, RxNormRelease
from steadwell.terminology.rxnorm import current, loading

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 3, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh():
    current.forget()
    yield
    current.forget()


def load(place: Path, **more) -> loading.LoadedRelease:
    return loading.load(place=place, now=NOW, **more)


def test_new_release_replaces_and_the_one_before_is_kept(tmp_path):
    for turn in range(3):
        made = many(3 + turn)
        made.version = f"RXNORM_26AA_26110{turn}F"
        loading.load(place=made.write(tmp_path / str(turn)), now=NOW.replace(hour=turn))

    assert set(RxNormRelease.objects.values_list("name", "current")) == {
        ("RXNORM_26AA_261101F", False), ("RXNORM_26AA_261102F", True),
    }  # fmt: skip
    assert RxNormIndex.objects.count() == 2
    assert terminology.release().name == "RXNORM_26AA_261102F"


def test_readers_get_the_one_release_or_the_other_and_never_something_between(tmp_path, monkeypatch):
    """They read all the while releases are loaded and switched; each answer is one release's own."""
    monkeypatch.setattr(current, "RECHECK_SECONDS", 0.0)
    codes = {}
    places = []
    for version, first in (("ONE", 3_000_000), ("TWO", 4_000_000)):  # the same drugs under other codes
        made, own = small(version=version, _codes=itertools.count(first))
        codes[version] = own["drug"]
        places.append(made.write(tmp_path / version))
    load(places[0])
    seen: set[tuple[str, str | None]] = set()
    wrong: list[BaseException] = []
    ends = threading.Event()

    def read() -> None:
        try:
            while not ends.is_set():
                reading = terminology.normalise_drug("bramol hcl 10 mg tab")
                seen.add((reading.release, reading.rxcui))
        except BaseException as error:  # noqa: BLE001 - a reader that breaks is what this looks for
            wrong.append(error)
        finally:
            connection.close()

    readers = [threading.Thread(target=read, daemon=True) for _ in range(4)]
    for reader in readers:
        reader.start()
    for turn in range(6):
        load(places[(turn + 1) % 2])
    ends.set()
    for reader in readers:
        reader.join(120)
        assert not reader.is_alive()

    assert wrong == []
    assert seen == set(codes.items())


def test_load_that_breaks_off_while_it_stores_changes_nothing(tmp_path, monkeypatch):
    good, codes = small()
    load(good.write(tmp_path / "good"))
    monkeypatch.setattr(loading, "STEP", 5)
    other, _ = small(version="OTHER", _codes=itertools.count(4_000_000))

    def break_off(text: str) -> None:
        if text.startswith("stored"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(other.write(tmp_path / "other"), progress=break_off)

    assert list(RxNormRelease.objects.values_list("name", "current")) == [("RXNORM_26AA_261102F", True)]
    assert RxNormName.objects.count() == len(good.names)
    assert terminology.normalise_drug("bramol hcl 10 mg tab").rxcui == codes["drug"]


def test_load_says_how_far_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "STEP", 5)
    made, _ = small()
    err = StringIO()

    call_command("rxnorm", "load", str(made.write(tmp_path)), stdout=StringIO(), stderr=err)

    said = [line.strip() for line in err.getvalue().splitlines()]
    assert said == [
        "reading the names", "read 5 names", "read 10 names", "reading the relations", "building the index",
        "stored 5 names", "stored 10 names",
    ]  # fmt: skip


def test_other_process_sees_the_switch_after_its_next_look(tmp_path, monkeypatch):
    made, codes = small()
    assert terminology.release().starter
    held = current._in_use
    load(made.write(tmp_path))
    monkeypatch.setattr(current, "_in_use", held)  # as a process has it that did not load
    held.checked = time.monotonic()

    assert terminology.release().starter

    held.checked -= current.RECHECK_SECONDS + 1
    assert terminology.find_drug(codes["drug"]) is not None
