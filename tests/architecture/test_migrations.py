"""Migrations: one straight line per app, each with a name that says what it does."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.migrations.loader import MigrationLoader
from source_tree import PACKAGES

LABELS = {name.split("/")[-1] for name in PACKAGES} | {
    "accounts", "audit", "history", "identity", "observability", "outbox", "portal", "terminology",
}  # fmt: skip


def unnamed(names: Iterable[str]) -> list[str]:
    wanted = re.compile(r"^\d{4}_(?!auto_)[a-z][a-z0-9_]+$")
    stamp = re.compile(r"_\d{8}_\d{4}$")
    return [name for name in names if not wanted.match(name) or stamp.search(name)]


def test_migrations_are_linear():
    loader = MigrationLoader(None)

    branching = {
        label: list(loader.graph.leaf_nodes(label))
        for label in LABELS
        if len(loader.graph.leaf_nodes(label)) > 1
    }
    forks = [
        key
        for key in loader.disk_migrations
        if key[0] in LABELS
        and len([child for child in loader.graph.node_map[key].children if child.key[0] == key[0]]) > 1
    ]

    assert branching == {}
    assert forks == []


def test_migrations_are_named():
    loader = MigrationLoader(None)

    assert unnamed(name for label, name in loader.disk_migrations if label in LABELS) == []


def test_check_catches_a_generated_name():
    assert unnamed(["0002_auto_20260101_1200", "0003_slot_and_more_20260101_1200", "0001_initial"]) == [
        "0002_auto_20260101_1200",
        "0003_slot_and_more_20260101_1200",
    ]


def test_no_migration_of_ours_is_irreversible():
    loader = MigrationLoader(None)

    stuck = [
        f"{label}.{name}: {operation.describe()}"
        for (label, name), migration in loader.disk_migrations.items()
        if label in LABELS
        for operation in migration.operations
        if not operation.reversible
    ]

    assert stuck == []
