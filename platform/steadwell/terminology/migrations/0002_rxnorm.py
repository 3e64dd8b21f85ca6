import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("terminology", "0001_loinc")]

    operations = [
        migrations.CreateModel(
            name="RxNormRelease",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="version")),
                ("sha256", models.CharField(max_length=64)),
                ("loaded_at", models.DateTimeField(verbose_name="loaded")),
                ("names", models.PositiveIntegerField(default=0, verbose_name="names")),
                ("clinical_drugs", models.PositiveIntegerField(default=0, verbose_name="clinical drugs")),
                ("retired", models.PositiveIntegerField(default=0, verbose_name="retired codes")),
                ("current", models.BooleanField(default=False, verbose_name="in use")),
            ],
            options={
                "verbose_name": "RxNorm release",
                "verbose_name_plural": "RxNorm releases",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("current", True)),
                        fields=("current",),
                        name="terminology_one_rxnorm_release",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RxNormName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rxaui", models.CharField(db_collation="C", max_length=20)),
                ("rxcui", models.PositiveIntegerField()),
                ("source", models.CharField(db_collation="C", max_length=10)),
                ("term_type", models.CharField(db_collation="C", max_length=20)),
                ("name", models.CharField(max_length=3000)),
                (
                    "release",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="terminology.rxnormrelease",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["release", "rxcui"], name="terminology_rxnorm_code"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("release", "rxaui"), name="terminology_rxnorm_atom_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RxNormIndex",
            fields=[
                (
                    "release",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="terminology.rxnormrelease",
                    ),
                ),
                ("content", models.BinaryField()),
            ],
        ),
    ]
