"""Nothing tracked names the machine it was written on, or the host its packages came from."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from source_tree import Source, planted, project

# Written in pieces, so that this file does not match itself.
MACHINE_PATH = re.compile(
    r"(?<![\w.>}])/(?:" + "|".join(["wor" + "k/", "roo" + "t/", "hom" + r"e/[a-z]+/", "User" + "s/"]) + ")"
)
HOSTS = re.compile(
    "|".join(
        ["pypi" + r"\.org", "python" + "hosted", "npmjs" + r"\.", "crates" + r"\.io", "--index" + "-url"]
    )
)


def machine_paths(sources: Iterable[Source]) -> list[str]:
    return _lines(sources, MACHINE_PATH)


def package_hosts(sources: Iterable[Source]) -> list[str]:
    return _lines(sources, HOSTS)


def _lines(sources: Iterable[Source], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{source.path}:{number}"
        for source in sources
        for number, line in enumerate(source.text.splitlines(), start=1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("check", [machine_paths, package_hosts])
def test_tracked_files_name_no_machine_and_no_host(check):
    assert check(project()) == []


def test_checks_catch_a_planted_path_and_host():
    assert machine_paths(planted("README.md", "see /hom" + "e/ann/steadwell\n")) == ["README.md:1"]
    assert package_hosts(planted("requirements/run.lock", "# from https://pypi" + ".org/simple\n")) != []


def test_lock_files_pin_every_package_with_hashes():
    locks = [source for source in project() if source.path.startswith("requirements/")]
    assert locks

    for lock in locks:
        assert [line for line in lock.text.splitlines() if re.match(r"^[a-z0-9].*[^\\]$", line)] == [], (
            lock.path
        )
        assert lock.text.count("==") > 0
        assert lock.text.count("--hash=sha256:") >= lock.text.count("==")
