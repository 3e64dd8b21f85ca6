"""The project's own files, read once, for the checks in this folder."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "platform/steadwell",
    "scheduling",
    "labs",
    "medications",
    "messaging",
    "notifications",
    "fhir_facade",
)


@dataclass(frozen=True)
class Source:
    """One text file: its path from the root, with forward slashes, and what it says."""

    path: str
    text: str
    _trees: list[ast.Module] = field(default_factory=list, compare=False, repr=False)

    @property
    def tree(self) -> ast.Module:
        if not self._trees:
            self._trees.append(ast.parse(self.text, filename=self.path))
        return self._trees[0]

    @property
    def is_product_code(self) -> bool:
        return self.path.endswith(".py") and self.path.startswith(tuple(f"{name}/" for name in PACKAGES))


def planted(path: str, text: str) -> list[Source]:
    """A made-up file, to prove that a check can fail."""
    return [Source(path, text)]


@cache
def project() -> tuple[Source, ...]:
    """Every text file of the project, except what others made (vendored files, lock files)."""
    return tuple(
        Source(path, (ROOT / path).read_text(encoding="utf-8"))
        for path in _paths()
        if "/vendor/" not in path and _is_text(ROOT / path)
    )


def product_code() -> list[Source]:
    return [source for source in project() if source.is_product_code]


def templates() -> list[Source]:
    return [source for source in project() if "/templates/" in source.path and source.path.endswith(".html")]


def _paths() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            command, cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.splitlines()
        return sorted({path for path in listed if (ROOT / path).is_file()})
    hidden = {".venv", ".git", "__pycache__", "node_modules", "staticfiles", ".mypy_cache", ".ruff_cache"}
    return sorted(
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*")
        if path.is_file() and not hidden.intersection(path.relative_to(ROOT).parts)
    )


def _is_text(path: Path) -> bool:
    with path.open("rb") as opened:
        head = opened.read(4096)
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return path.suffix not in {".po", ".mo", ".woff2", ".svg"}
