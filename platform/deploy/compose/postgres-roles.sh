#!/bin/sh
# The first start of an empty database: two roles. The owner migrates; the app's role works and can undo nothing.
set -eu
psql --set ON_ERROR_STOP=1 --username postgres \
  --set owner_password="$(cat /run/secrets/database_owner_password)" \
  --set app_password="$(cat /run/secrets/database_app_password)" <<'SQL'
CREATE ROLE steadwell_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE steadwell_app LOGIN PASSWORD :'app_password';
CREATE DATABASE steadwell OWNER steadwell_owner;
REVOKE ALL ON DATABASE steadwell FROM PUBLIC;
GRANT CONNECT ON DATABASE steadwell TO steadwell_app;
\connect steadwell
ALTER SCHEMA public OWNER TO steadwell_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO steadwell_app;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
ALTER DEFAULT PRIVILEGES FOR ROLE steadwell_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO steadwell_app;
ALTER DEFAULT PRIVILEGES FOR ROLE steadwell_owner IN SCHEMA public
  GRANT USAGE ON SEQUENCES TO steadwell_app;
SQL
