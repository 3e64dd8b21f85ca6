"""Addresses of the FHIR API, made from the registry: no type answers that is not declared."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, include, path

from fhir_facade.bulk.http import Ask, Download, Status
from fhir_facade.server.http import Endpoint, Metadata, OpenApi
from fhir_facade.server.registry import registry

_VIEW = Endpoint.as_view()


_OFTEN = ("Patient", "Observation", "Appointment", "Slot", "MedicationRequest", "DiagnosticReport")
# Below a type.
_RESTS = (
    "_search",
    "_history",
    "$<str:operation>",
    "<str:key>",
    "<str:key>/_history",
    "<str:key>/_history/<str:version>",
    "<str:key>/$<str:operation>",
    "<str:key>/<str:inner>",
    "<str:key>/<str:inner>/_search",
)


def _of_types() -> Iterator[URLPattern | URLResolver]:
    """Two per type: an address is compared with the types first, and with what is below it after. Those that
    are asked for most stand first.
    """
    for definition in sorted(registry(), key=lambda each: each.type not in _OFTEN):
        kind = definition.type
        yield path(kind, _VIEW)
        yield path(f"{kind}/", include([path(rest, _VIEW) for rest in _RESTS]))


urlpatterns = [
    path("metadata", Metadata.as_view(), name="fhir_metadata"),
    path("openapi.json", OpenApi.as_view()),
    path("$export", Ask.as_view()),
    path("Patient/$export", Ask.as_view()),
    path("Group/<str:key>/$export", Ask.as_view()),
    path("bulk/<uuid:export_id>", Status.as_view()),
    path("bulk/<uuid:export_id>/<int:number>.ndjson", Download.as_view()),
    path("", _VIEW, name="fhir_base"),
    *_of_types(),
    path("<path:unknown>", _VIEW),
]
