"""The two roles of the database: the owner migrates, the app's role works and can undo nothing (DESIGN 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadwell.launcher.failures import Failure

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[tuple[object, ...]]

APP = "steadwell_app"
DATABASE = "steadwell"

# What a role must not be able to do if the audit and the versions are to mean anything.
POWERS = """
SELECT 'is a superuser or may bypass row security' FROM pg_roles
 WHERE rolname = current_user AND (rolsuper OR rolbypassrls)
UNION ALL SELECT 'may create roles or databases' FROM pg_roles
 WHERE rolname = current_user AND (rolcreaterole OR rolcreatedb)
UNION ALL SELECT 'may create tables' WHERE has_schema_privilege('public', 'CREATE')
UNION ALL (SELECT 'owns the table ' || relname FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
   AND pg_has_role(relowner, 'USAGE') LIMIT 1)
UNION ALL (SELECT 'may truncate or put triggers on ' || relname FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
   AND (has_table_privilege(oid, 'TRUNCATE') OR has_table_privilege(oid, 'TRIGGER')) LIMIT 1)
"""


def create_roles_and_database(connection: Connection) -> None:
    """In a new cluster, as its owner."""
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP]).fetchone():
        connection.execute(f'CREATE ROLE "{APP}" LOGIN')
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
        connection.execute(f'CREATE DATABASE "{DATABASE}"')


def grant_to_app(connection: Connection, role: str = APP) -> None:
    """Before the first migration: what the owner makes, the app may use. Append-only tables take it back."""
    name = '"' + role.replace('"', '""') + '"'
    defaults = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT"
    connection.execute(f"{defaults} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {name}")
    connection.execute(f"{defaults} USAGE ON SEQUENCES TO {name}")


def powers(connection: Connection) -> list[str]:
    """What this connection's role could do that only the owner should. Empty when all is well."""
    return [str(power) for (power,) in connection.execute(POWERS)]


def insist_on_two_roles(app_url: str) -> None:
    """After the migrations: refuse to run with an app role that could rewrite the audit."""
    import psycopg

    with psycopg.connect(app_url, autocommit=True) as connection:
        found = powers(connection)
    if found:
        raise Failure(
            "The app's database role has rights that only the owner may have: it " + ", ".join(found) + "."
        )
