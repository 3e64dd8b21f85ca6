"""QuestionnaireResponse: forms that were filled in, each held against its form (US Core)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from fhir_facade.server import questionnaires
from fhir_facade.server.access import Access
from fhir_facade.server.documents import Documents
from fhir_facade.server.elements import US_CORE
from fhir_facade.server.kept import documents
from fhir_facade.server.registry import Definition, Kind, Param
from fhir_facade.server.resources.kept_only import ALL
from fhir_facade.server.storing import Value
from fhir_facade.server.wire import Resource

_WHO = ("Practitioner", "PractitionerRole", "Organization", "Patient", "RelatedPerson")
PARAMS = (
    Param(name="patient", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",)),
    Param(name="subject", kind=Kind.REFERENCE, paths=("subject",), targets=("Patient",)),
    # A canonical, which the writer below indexes by the form's id.
    Param(name="questionnaire", kind=Kind.REFERENCE, paths=("questionnaire",), targets=("Questionnaire",)),
    Param(name="status", kind=Kind.TOKEN, paths=("status",)),
    Param(name="authored", kind=Kind.DATE, paths=("authored",)),
    Param(name="identifier", kind=Kind.TOKEN, paths=("identifier",)),
    Param(name="author", kind=Kind.REFERENCE, paths=("author",), targets=_WHO),
    Param(name="source", kind=Kind.REFERENCE, paths=("source",),
          targets=("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")),
    Param(name="encounter", kind=Kind.REFERENCE, paths=("encounter",), targets=("Encounter",)),
    Param(name="based-on", kind=Kind.REFERENCE, paths=("basedOn",), targets=("ServiceRequest",)),
)  # fmt: skip


class Responses(Documents):
    """Found by the id of its form, in whichever way it names it."""

    together: ClassVar[bool] = False  # its form may be an entry of the same Bundle

    def look(self, access: Access, said: Resource) -> Iterable[Value]:
        form = questionnaires.check(access, said)
        return [{"param": "questionnaire", "target_type": "Questionnaire", "target_id": form}]


DEFINITION = Definition(
    type="QuestionnaireResponse",
    origins=(documents("QuestionnaireResponse", PARAMS),),
    params=PARAMS,
    profiles=(f"{US_CORE}us-core-questionnaireresponse",),
    interactions=ALL,
    compartment=("patient",),
    rev_includes=("Provenance:target",),
    writer=Responses("QuestionnaireResponse"),
)
