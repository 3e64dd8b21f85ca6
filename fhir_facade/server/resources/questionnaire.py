"""Questionnaire: empty forms, as those who ask write them. Everybody may read them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.kept import documents
from fhir_facade.server.outcome import failed
from fhir_facade.server.registry import Definition, Kind, Param
from fhir_facade.server.resources.kept_only import ALL
from fhir_facade.server.storing import Value
from fhir_facade.server.wire import Resource

PARAMS = (
    Param(name="url", kind=Kind.URI, paths=("url",)),
    Param(name="version", kind=Kind.TOKEN, paths=("version",)),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",)),
    Param(name="name", kind=Kind.STRING, paths=("name",)),
    Param(name="title", kind=Kind.STRING, paths=("title",)),
    Param(name="publisher", kind=Kind.STRING, paths=("publisher",)),
    Param(name="status", kind=Kind.TOKEN, paths=("status",)),
    Param(name="code", kind=Kind.TOKEN, paths=("item.code",)),
    Param(name="date", kind=Kind.DATE, paths=("date",)),
    Param(name="subject-type", kind=Kind.TOKEN, paths=("subjectType",)),
)


class Questionnaires(Documents):
    """Clinicians and systems write forms that can be filled in; patients only read them."""

    def look(self, access: Access, said: Resource) -> Iterable[Value]:
        _may_write(access)
        return ()

    def delete(self, access: Access, key: UUID, version: int | None) -> None:
        _may_write(access)
        Documents.delete(self, access, key, version)


def _may_write(access: Access) -> None:
    if not access.reads_everybody:
        raise failed(403, "forbidden", "Forms are written by systems and clinicians.")


DEFINITION = Definition(
    type="Questionnaire",
    origins=(documents("Questionnaire", PARAMS),),
    params=PARAMS,
    interactions=ALL,
    rev_includes=("Provenance:target", "QuestionnaireResponse:questionnaire"),
    writer=Questionnaires("Questionnaire"),
)
