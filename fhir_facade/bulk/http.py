"""The addresses of exports: ask, look, call off, download. Only the client that asked sees its own."""

from __future__ import annotations

import gzip
from email.utils import format_datetime
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from fhir_facade.bulk import asking, exporting
from fhir_facade.bulk.models import Export, ExportFile
from fhir_facade.server import auditing
from fhir_facade.server.access import Access
from fhir_facade.server.http import Endpoint, access_of
from fhir_facade.server.outcome import Failed, Issue, failed, not_found
from fhir_facade.server.requests import call_of

NDJSON = "application/fhir+ndjson"


class _AsIs(BaseContentNegotiation):
    """What is served has one form: NDJSON files and a JSON manifest."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], NDJSON


class _Bulk(Endpoint):
    content_negotiation_class = _AsIs  # type: ignore[assignment]  # files and JSON, not resources
    kind = "Bundle"

    def found(self, request: Request, export_id: UUID) -> tuple[Access, Export]:
        """The client's own export. That of another one is not there."""
        access = access_of(request)
        export = (
            Export.objects.select_related("client")
            .filter(
                pk=export_id, client__client_id=access.grant.client_id, user_id=access.grant.user_id,
                person_id=access.grant.person_id, expires_at__gt=access.now,
            )
            .first()
        )  # fmt: skip
        if export is None:
            raise not_found()
        return access, export

    def _refuse(self, request: Request, **_: Any) -> HttpResponseBase:
        raise failed(405, "not-supported", "This is not done here.", headers={"Allow": self.allowed})

    allowed: ClassVar[str] = "GET"
    get = post = put = patch = delete = head = _refuse


class Ask(_Bulk):
    """``$export`` of the system, of all patients, of a group."""

    allowed: ClassVar[str] = "GET, POST"

    def _ask(self, request: Request, **_: Any) -> HttpResponseBase:
        access = access_of(request)
        path = tuple(each for each in request.path_info.removeprefix("/fhir").split("/") if each)
        export = asking.ask(access, call_of(request, path), request=request.build_absolute_uri())
        location = f"{access.base}/bulk/{export.pk}"
        return HttpResponse(status=202, headers={"Content-Location": location})

    get = post = _ask


class Status(_Bulk):
    """How far it is; when it is done, the manifest. DELETE calls it off and forgets the files."""

    allowed: ClassVar[str] = "GET, DELETE"

    def get(self, request: Request, export_id: UUID) -> HttpResponseBase:  # type: ignore[override]
        access, export = self.found(request, export_id)
        if export.state == Export.State.FAILED:
            raise Failed(500, (_ended(export),))
        if export.state != Export.State.DONE:
            progress = f"{export.place[0]} of {len(export.types)} types, {export.rows} rows"
            return HttpResponse(status=202, headers={"X-Progress": progress, "Retry-After": "2"})
        expires = format_datetime(export.expires_at, usegmt=True)
        return JsonResponse(_manifest(access, export), headers={"Expires": expires})

    def delete(self, request: Request, export_id: UUID) -> HttpResponseBase:  # type: ignore[override]
        access, export = self.found(request, export_id)
        export.delete()
        auditing.record(access, "export-delete", "Bundle", [], entity=str(export_id))
        return HttpResponse(status=202)


def _ended(export: Export) -> Issue:
    return Issue("exception", f"The export ended early ({export.cause}). Ask for it again.")


def _manifest(access: Access, export: Export) -> dict[str, Any]:
    files = ExportFile.objects.filter(export=export).order_by("number").values_list("number", "type", "rows")
    return {
        "transactionTime": export.asked_at.isoformat(),
        "request": export.request,
        "requiresAccessToken": True,
        "output": [
            {"type": kind, "url": f"{access.base}/bulk/{export.pk}/{number}.ndjson", "count": rows}
            for number, kind, rows in files
        ],
        "error": [],
    }


class Download(_Bulk):
    """One file. What it holds was allowed when it was written; whoever fetches it must still be allowed."""

    def get(self, request: Request, export_id: UUID, number: int) -> HttpResponseBase:  # type: ignore[override]
        access, export = self.found(request, export_id)
        if exporting.access_of(export, now=access.now) is None:
            raise not_found()
        file = ExportFile.objects.filter(export=export, number=number).first()
        if file is None:
            raise not_found()
        auditing.record(access, "export-read", file.type, [], entity=str(export.pk))
        body = exporting.still_shown(file, access)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            return HttpResponse(body, content_type=NDJSON, headers=headers)
        return HttpResponse(gzip.decompress(body), content_type=NDJSON)
