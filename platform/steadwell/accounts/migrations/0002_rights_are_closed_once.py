"""Grants and proxies are history: the database lets a row be closed once and refuses everything else."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION accounts_closed_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.valid_until IS NULL AND NEW.valid_until IS NOT NULL
       AND to_jsonb(NEW) - 'valid_until' - 'revoked_by' = to_jsonb(OLD) - 'valid_until' - 'revoked_by' THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '% refused on %: a right is closed once and never changed or removed', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$
"""
TRIGGERS = """
CREATE TRIGGER {table}_closed_once BEFORE UPDATE OR DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION accounts_closed_once();
CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION accounts_closed_once();
"""
DROP = "DROP TRIGGER {table}_closed_once ON {table}; DROP TRIGGER {table}_not_emptied ON {table};"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION accounts_closed_once()"),
        *[
            migrations.RunSQL(TRIGGERS.format(table=table), DROP.format(table=table))
            for table in ("accounts_grant", "accounts_proxy")
        ],
    ]
