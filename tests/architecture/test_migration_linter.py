"""Migrations run beside the code that is still serving: what would break it is found before a release."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django_migration_linter import MigrationLinter
from django_migration_linter.sql_analyser import analyse_sql_statements, get_sql_analyser_class

# Without a transaction around it: an index that is made concurrently cannot be looked at within one.
pytestmark = pytest.mark.django_db(transaction=True)
OURS = [config.label for config in apps.get_app_configs() if "site-packages" not in Path(config.path).parts]


def test_models_and_migrations_agree():
    said = StringIO()

    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=said, no_color=True)
    except (SystemExit, CommandError):
        pytest.fail(said.getvalue())


def test_no_migration_breaks_the_code_that_still_runs():
    # A first migration makes its tables: nobody reads or writes them yet.
    linter = MigrationLinter(
        include_apps=OURS,
        no_cache=True,
        all_warnings_as_errors=True,
        quiet=["ok", "ignore"],
        ignore_initial_migrations=True,
    )

    linter.lint_all_migrations()

    assert not linter.has_errors
    assert linter.nb_total > len(OURS) / 2


def test_the_linter_finds_a_column_that_old_code_cannot_fill():
    postgres = get_sql_analyser_class("postgresql")

    errors, _, _ = analyse_sql_statements(postgres, ['ALTER TABLE "a" ADD COLUMN "b" integer NOT NULL;'])

    assert [error.code for error in errors] == ["NOT_NULL"]
