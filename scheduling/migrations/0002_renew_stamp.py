"""Make every change of set-up renew the stamp, whoever makes it: a service, the admin, an import or a hand in psql."""

from __future__ import annotations

from django.db import migrations

TABLES = [
    "scheduling_organisation",
    "scheduling_site",
    "scheduling_holiday",
    "scheduling_resource",
    "scheduling_practitioner",
    "scheduling_visittype",
    "scheduling_weeklyhours",
    "scheduling_availabilityexception",
]
FUNCTION = """
CREATE FUNCTION scheduling_renew_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO scheduling_cataloguestamp (id, stamp) VALUES (1, gen_random_uuid())
    ON CONFLICT (id) DO UPDATE SET stamp = excluded.stamp;
    RETURN NULL;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION scheduling_renew_stamp()"),
        *[
            migrations.RunSQL(
                f"CREATE TRIGGER renew_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION scheduling_renew_stamp()",
                f"DROP TRIGGER renew_stamp ON {table}",
            )
            for table in TABLES
        ],
    ]
