"""Failures as OperationOutcomes: the one place where a refusal becomes FHIR.

Texts tell a client what to change. They never repeat what was sent: it may be somebody's data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from steadwell.errors import Kind, Refusal


@dataclass(frozen=True, slots=True)
class Issue:
    """``code`` is of FHIR's issue-type; ``expression`` a FHIRPath to the element."""

    code: str
    text: str
    expression: str = ""
    severity: str = "error"


@dataclass
class Failed(Exception):
    """A request that ends with a status and issues; ``headers`` go with it."""

    status: int
    issues: tuple[Issue, ...]
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.issues[0].code if self.issues else ''}"


def failed(
    status: int, code: str, text: str, *, at: str = "", headers: Mapping[str, str] | None = None
) -> Failed:
    return Failed(status, (Issue(code, text, at),), headers or {})


def not_found() -> Failed:
    """Not there and not yours are one answer."""
    return failed(404, "not-found", "There is no such resource, or it is not for this client.")


def gone() -> Failed:
    return failed(410, "deleted", "This resource was deleted.")


def stale(version: str = "") -> Failed:
    now = f" It is at version {version} now." if version else ""
    return failed(412, "conflict", f"This is not the version that is stored.{now} Read it again, then write.")


def operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [_issue(each) for each in issues]}


def _issue(issue: Issue) -> dict[str, Any]:
    made: dict[str, Any] = {"severity": issue.severity, "code": issue.code, "diagnostics": issue.text}
    if issue.expression:
        made["expression"] = [issue.expression]
    return made


_STATUS = {
    Kind.INVALID: (422, "processing"),
    Kind.FORBIDDEN: (403, "forbidden"),
    Kind.NOT_FOUND: (404, "not-found"),
    Kind.CONFLICT: (409, "conflict"),
    Kind.STALE: (412, "conflict"),
    Kind.BUSY: (503, "transient"),
}
RETRY_SECONDS = "5"


def of_refusal(refusal: Refusal) -> Failed:
    """A service's refusal: the business said no, so what was written is 422, not 400."""
    if refusal.kind is Kind.NOT_FOUND:
        return not_found()
    status, code = _STATUS[refusal.kind]
    headers = {"Retry-After": RETRY_SECONDS} if refusal.kind is Kind.BUSY else {}
    said = [Issue(code, f"{name}: {words}") for name, words in refusal.fields.items()]
    return Failed(status, tuple(said) or (Issue(code, refusal.text),), headers)


@contextmanager
def naming(at: str) -> Iterator[None]:
    """What fails within names the entry of a Bundle that it is about; without an ``at`` it stays as it is."""
    if not at:
        yield
        return
    try:
        yield
    except Refusal as refusal:
        raise _at(of_refusal(refusal), at) from refusal
    except Failed as own:
        raise _at(own, at) from own


def _at(problem: Failed, at: str) -> Failed:
    issues = (replace(i, expression=f"{at}.{i.expression}" if i.expression else at) for i in problem.issues)
    return Failed(problem.status, tuple(issues), problem.headers)
