"""Every model of our own: what it holds, why each constraint stands, and that it keeps within its app."""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterable

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models
from source_tree import PACKAGES, Source, planted, product_code

OUR_LABELS = {name.split("/")[-1] for name in PACKAGES}


def is_ours(model: type) -> bool:
    return model.__module__.split(".")[0] in OUR_LABELS


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models(include_auto_created=False) if is_ours(model)]


def without_phi(found: Iterable[type[models.Model]]) -> list[str]:
    wanted = re.compile(r"\bphi: (none|indirect|direct)\b")
    return [model.__qualname__ for model in found if not wanted.search(model.__doc__ or "")]


def outside_references(found: Iterable[type[models.Model]]) -> list[str]:
    """Foreign keys into another app, however they are written: an app stores the id instead."""
    return [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in found
        for field in (*model._meta.fields, *model._meta.many_to_many)
        if isinstance(field.related_model, type)
        and field.related_model._meta.app_label != model._meta.app_label
    ]


def ordered(found: Iterable[type[models.Model]]) -> list[str]:
    return [model._meta.label for model in found if model._meta.ordering]


def overriding(found: Iterable[type[models.Model]]) -> list[str]:
    """Saving does what Django does, nothing hidden in it."""
    return [
        f"{owner.__qualname__}.{name}"
        for model in found
        for owner in model.__mro__
        if is_ours(owner)
        for name in ("save", "delete", "full_clean", "asave", "adelete")
        if name in vars(owner)
    ]


def unexplained(sources: Iterable[Source]) -> list[str]:
    """Constraints and indexes in a model's Meta without a comment on the rule or query they serve.

    One comment may speak for two that serve the same rule.
    """
    found: list[str] = []
    for source in sources:
        comments = _comment_lines(source.text)
        for elements in _meta_lists(source.tree):
            before, silent = elements.lineno, 2
            for element in elements.elts:
                end = element.end_lineno or element.lineno
                silent = 0 if comments.intersection(range(before, end + 1)) else silent + 1
                if silent > 1:
                    found.append(f"{source.path}:{element.lineno}")
                before = end + 1
    return found


def _comment_lines(text: str) -> set[int]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {token.start[0] for token in tokens if token.type == tokenize.COMMENT}


def _meta_lists(tree: ast.Module) -> list[ast.List]:
    return [
        statement.value
        for meta in ast.walk(tree)
        if isinstance(meta, ast.ClassDef) and meta.name == "Meta"
        for statement in meta.body
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.List)
        if {"constraints", "indexes"} & {getattr(target, "id", "") for target in _targets(statement)}
    ]


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


@pytest.mark.parametrize("check", [without_phi, outside_references, ordered, overriding])
def test_models_keep_the_rule(check):
    assert check(our_models()) == []


def test_constraints_and_indexes_say_why():
    assert unexplained(s for s in product_code() if "/migrations/" not in s.path) == []


def test_checks_catch_planted_models():
    class Planted(models.Model):  # noqa: DJ008 - a sample
        """Says nothing of what it holds."""

        user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "scheduling"
            managed = False
            ordering = ["id"]

        def save(self, *args, **kwargs): ...

    try:
        Planted.__module__ = "scheduling.models"

        assert without_phi([Planted]) == [Planted.__qualname__]
        assert outside_references([Planted]) == ["scheduling.Planted.user -> accounts.User"]
        assert ordered([Planted]) == ["scheduling.Planted"]
        assert overriding([Planted]) == [f"{Planted.__qualname__}.save"]
    finally:
        del apps.all_models["scheduling"]["planted"]
        apps.clear_cache()


def test_check_catches_a_constraint_without_its_reason():
    text = (
        "class Slot:\n    class Meta:\n        indexes = [\n"
        "            Index(fields=['a']),  # the day's list\n            Index(fields=['b']),\n"
        "            Index(fields=['c']),\n        ]\n"
    )

    assert unexplained(planted("scheduling/models.py", text)) == ["scheduling/models.py:6"]
    assert unexplained(planted("scheduling/models.py", text.replace("# the day's list", ""))) != []


def test_third_parties_point_at_nothing_of_ours_but_the_user():
    pointing = {
        field.related_model._meta.label
        for model in apps.get_models()
        if not is_ours(model)
        for field in model._meta.fields
        if isinstance(field.related_model, type) and is_ours(field.related_model)
    }

    assert pointing <= {"accounts.User"}


@pytest.mark.django_db
def test_models_and_migrations_agree():
    said = io.StringIO()

    try:
        call_command("makemigrations", "--check", "--dry-run", "--skip-checks", stdout=said, stderr=said)
    except SystemExit:
        pytest.fail(f"A migration is missing:\n{said.getvalue()}")


def test_every_model_lives_where_its_app_says():
    assert [
        m.__qualname__ for m in our_models() if ".models" not in m.__module__ or not inspect.isclass(m)
    ] == []
