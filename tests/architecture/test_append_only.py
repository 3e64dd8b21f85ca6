"""Version tables and the audit refuse change: by trigger for everybody, by grant for the app's role."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

# pg_trigger.tgtype: bit 3 DELETE, bit 4 UPDATE, bit 5 TRUNCATE (Postgres source, catalog/pg_trigger.h).
DELETE, UPDATE, TRUNCATE = 1 << 3, 1 << 4, 1 << 5


def append_only_tables() -> list[str]:
    from steadwell.history.models import Version

    versions = [model._meta.db_table for model in apps.get_models() if issubclass(model, Version)]
    audit = [model._meta.db_table for model in apps.get_app_config("audit").get_models()]
    return sorted({*versions, *audit})


def refused_by_trigger(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bit_or(tgtype::int) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
            " AND tgenabled <> 'D'",
            [table],
        )
        return int(cursor.fetchone()[0] or 0) & (DELETE | UPDATE | TRUNCATE)


def granted(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) p"
            " WHERE has_table_privilege(%s, %s, p)",
            [settings.APP_DATABASE_ROLE, table],
        )
        return [privilege for (privilege,) in cursor.fetchall()]


def test_there_are_append_only_tables():
    tables = append_only_tables()

    assert any(table.startswith("audit_") for table in tables)
    assert any(table.startswith("scheduling_") for table in tables)


@pytest.mark.django_db
def test_append_only_tables_refuse_change():
    open_tables = {
        table: (refused_by_trigger(table), granted(table))
        for table in append_only_tables()
        if refused_by_trigger(table) != DELETE | UPDATE | TRUNCATE or granted(table)
    }

    assert open_tables == {}


@pytest.mark.django_db
def test_an_ordinary_table_would_be_caught():
    assert refused_by_trigger("accounts_user") != DELETE | UPDATE | TRUNCATE
    assert granted("accounts_user") != []
