"""Finds every translatable text of the source: calls in Python, tags in templates, the words of refusals."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

from steadwell.portal.catalogue.messages import Message

PACKAGES = (
    "platform/steadwell",
    "scheduling",
    "labs",
    "medications",
    "messaging",
    "notifications",
    "fhir_facade",
)
TEXT = {"_", "_lazy", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT = {"pgettext", "pgettext_lazy"}
_CALL = re.compile(r"\b(n?p?gettext|_)\(")  # `_(…)`: an argument of another tag


def extract(root: Path) -> dict[tuple[str, str], Message]:
    """All messages of the source tree below ``root``, with the files they stand in."""
    found: dict[tuple[str, str], Message] = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            if path.suffix not in {".py", ".html", ".txt"} or "migrations" in path.parts:
                continue
            if path.suffix != ".py" and "templates" not in path.parts:
                continue
            source = path.read_text(encoding="utf-8")
            messages = _of_python(source) if path.suffix == ".py" else _of_template(source)
            for message in messages:
                kept = found.setdefault(message.key, message)
                kept.plural = kept.plural or message.plural
                kept.places.add(path.relative_to(root).as_posix())
    return found


def _of_python(source: str) -> Iterator[Message]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        elif isinstance(node, ast.ClassDef):
            yield from _of_refusal(node)


def _of_call(node: ast.Call) -> Iterator[Message]:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if name in TEXT and texts:
        yield Message(text=texts[0])
    elif name in PLURAL and len(texts) > 1:
        yield Message(text=texts[0], plural=texts[1])
    elif name in CONTEXT and len(texts) > 1:
        yield Message(context=texts[0], text=texts[1])


def _of_refusal(node: ast.ClassDef) -> Iterator[Message]:
    """A refusal's ``message`` is plain English in its class; the edge translates it when it answers."""
    values = {
        name.id: statement.value.value
        for statement in node.body
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Constant)
        for name in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        if isinstance(name, ast.Name)
    }
    message = values.get("message")
    if isinstance(values.get("code"), str) and isinstance(message, str) and message:
        yield Message(text=message)


def _of_template(source: str) -> Iterator[Message]:
    # Django turns a template into something that looks like calls; each is read as the Python it resembles.
    text = templatize(source)
    for match in _CALL.finditer(text):
        end = text.index(")", match.end())
        while True:
            try:
                call = ast.parse(text[match.start() : end + 1], mode="eval").body
                break
            except SyntaxError:
                end = text.index(")", end + 1)
        if isinstance(call, ast.Call):
            yield from _of_call(call)
