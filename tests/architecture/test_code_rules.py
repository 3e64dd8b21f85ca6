"""What STYLE asks of Python files and no linter knows. Each check is proven on a planted sample."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import pytest
from source_tree import Source, planted, product_code, project

MOST_LINES_OF_A_FILE = 500
MOST_LINES_OF_A_FUNCTION = 50
RELAY = "platform/steadwell/outbox/relay.py"
ADMIN_PAGES = "platform/steadwell/audit/looking.py"  # a base of admin classes, beside audit's own admin
SIGN_IN_SIGNALS = "platform/steadwell/accounts/"  # allauth and axes tell of sign-ins by signals only


def long_files(sources: Iterable[Source]) -> list[str]:
    return [
        f"{source.path}: {lines} lines"
        for source in sources
        # A migration is as long as the tables it makes, and nobody edits it again.
        if source.path.endswith(".py") and "/migrations/" not in source.path
        if (lines := source.text.count("\n")) > MOST_LINES_OF_A_FILE
    ]


def long_functions(sources: Iterable[Source]) -> list[str]:
    return [
        f"{source.path}:{node.lineno} {node.name}: {length} lines"
        for source in sources
        if source.path.endswith(".py") and "/migrations/" not in source.path
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    ]


def imported_names(source: Source) -> list[tuple[int, str]]:
    """Line and dotted name of every import; ``from a import b`` gives ``a.b``."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def signals(sources: Iterable[Source]) -> list[str]:
    """Model signals act at a distance; they are refused everywhere, other signals outside of sign-in."""
    return [
        f"{source.path}:{line} {name}"
        for source in sources
        for line, name in imported_names(source)
        if name.startswith("django.db.models.signals")
        or (name.startswith("django.dispatch") and not source.path.startswith(SIGN_IN_SIGNALS))
    ]


def direct_dispatch(sources: Iterable[Source]) -> list[str]:
    """Only the relay hands work to Celery, and never with a time of its own (DESIGN 5)."""
    found: list[str] = []
    for source in sources:
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            sends = node.func.attr in {"delay", "apply_async", "send_task"}
            timed = sends and {keyword.arg for keyword in node.keywords} & {"eta", "countdown"}
            if timed or (sends and source.path != RELAY):
                found.append(f"{source.path}:{node.lineno} {node.func.attr}")
    return found


def web_in_the_domain(sources: Iterable[Source]) -> list[str]:
    """Services and what they are made of know no request (import-linter sees only `django`)."""
    edges = {"views", "urls", "middleware", "admin", "forms", "templatetags", "sign_in", "adapters"}
    return [
        f"{source.path}:{line} {name}"
        for source in sources
        if source.path.split("/")[0] != "fhir_facade"
        and source.path != ADMIN_PAGES
        and not source.path.startswith(("platform/steadwell/config/", "platform/steadwell/portal/"))
        and not edges.intersection(source.path.removesuffix(".py").split("/"))
        for line, name in imported_names(source)
        if name.startswith(("django.http", "rest_framework", "django.shortcuts", "django.contrib.messages"))
    ]


def blanket_catches(sources: Iterable[Source]) -> list[str]:
    """``except Exception`` only where the line says who it quarantines for and why."""
    return [
        f"{source.path}:{number} a bare noqa without its reason"
        for source in sources
        for number, line in enumerate(source.text.splitlines(), start=1)
        if "noqa: BLE001" in line and not line.split("BLE001", 1)[1].strip(" -#")
    ]


CHECKS = {
    "long_files": (long_files, "scheduling/planted.py", "x = 1\n" * 501),
    "long_functions": (long_functions, "scheduling/planted.py", "def f():\n" + "    x = 1\n" * 51),
    "model_signals": (signals, "scheduling/planted.py", "from django.db.models.signals import post_save\n"),
    "receivers": (signals, "labs/planted.py", "from django.dispatch import receiver\n"),
    "delay": (direct_dispatch, "labs/planted.py", "task.delay(result_id=1)\n"),
    "apply_async": (direct_dispatch, "labs/planted.py", "task.apply_async()\n"),
    "countdown": (direct_dispatch, RELAY, "task.apply_async(countdown=5)\n"),
    "eta": (direct_dispatch, RELAY, "app.send_task('t', eta=later)\n"),
    "requests": (web_in_the_domain, "scheduling/bookings.py", "from django.http import HttpRequest\n"),
    "drf": (web_in_the_domain, "scheduling/service.py", "import rest_framework\n"),
    "blanket": (blanket_catches, "labs/planted.py", "except Exception:  # noqa: BLE001\n"),
}


@pytest.mark.parametrize("name", CHECKS)
def test_code_keeps_the_rule(name):
    check, _path, _sample = CHECKS[name]
    sources = project() if check in {long_files, long_functions} else product_code()

    assert check(s for s in sources if s.path.endswith(".py")) == []


@pytest.mark.parametrize("name", CHECKS)
def test_check_catches_a_planted_breach(name):
    check, path, sample = CHECKS[name]

    assert check(planted(path, sample)) != []


def test_relay_may_send():
    assert direct_dispatch(planted(RELAY, "app.send_task('outbox.deliver', queue=queue)\n")) == []
