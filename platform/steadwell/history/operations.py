"""Make a table append-only: for the app's role by right, for its owner by trigger."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

# A statement trigger also refuses what touches no row, TRUNCATE, cascades and INSERT .. ON CONFLICT DO
# UPDATE.
REFUSE = """
CREATE OR REPLACE FUNCTION steadwell_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$
"""
# A single-role database (a managed one in a trial) has no role to take rights from; its trigger still stands.
RIGHTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = {role}) THEN
        {verb} UPDATE, DELETE, TRUNCATE ON {table} {way} {name};
    END IF;
END $$
"""


class AppendOnly(Operation):
    """Refuse UPDATE, DELETE and TRUNCATE on a model's table from here on. Reversible."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, app_label: str, model_name: str) -> None:
        self.app_label, self.model_name = app_label, model_name

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.app_label, self.model_name], {})

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing in Django's picture of the models changes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        table = self._table(to_state, schema_editor)
        schema_editor.execute(REFUSE, params=None)
        schema_editor.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION steadwell_refuse_change()",
            params=None,
        )
        schema_editor.execute(self._rights(table, "REVOKE", "FROM", schema_editor), params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        table = self._table(from_state, schema_editor)
        schema_editor.execute(f"DROP TRIGGER append_only ON {table}", params=None)
        schema_editor.execute(self._rights(table, "GRANT", "TO", schema_editor), params=None)

    def describe(self) -> str:
        return f"Make {self.app_label}.{self.model_name} append-only"

    def _table(self, state: Any, schema_editor: BaseDatabaseSchemaEditor) -> str:
        model = state.apps.get_model(self.app_label, self.model_name)
        return str(schema_editor.quote_name(model._meta.db_table))

    @staticmethod
    def _rights(table: str, verb: str, way: str, schema_editor: BaseDatabaseSchemaEditor) -> str:
        role = settings.APP_DATABASE_ROLE
        literal = "'" + role.replace("'", "''") + "'"
        return RIGHTS.format(
            role=literal, verb=verb, table=table, way=way, name=schema_editor.quote_name(role)
        )
