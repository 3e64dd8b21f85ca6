"""How fast an export is written: rows a second of one worker, without the web in between."""

from __future__ import annotations

import time
from urllib.request import Request, urlopen
from uuid import UUID

from django.db import transaction

from tests.bench.figures import Report, say
from tests.bench.web import Server


def measure(report: Report, server: Server, token: str, *, seconds: float) -> None:
    """Ask for all observations as a client does, and write step after step until the time is over."""
    from fhir_facade.bulk import exporting
    from fhir_facade.bulk.models import Export
    from steadwell import clock
    from steadwell.events import ExportStepDue
    from steadwell.outbox.types import DeliveryContext

    export_id = _asked(server, token)
    begin, cpu = time.monotonic(), time.process_time()
    step = 0
    while time.monotonic() - begin < seconds:
        context = DeliveryContext(delivery_id=0, attempt=1, now=clock.now())
        with transaction.atomic():
            exporting.step(ExportStepDue(export_id=export_id, step=step), context)
        step += 1
        if Export.objects.get(pk=export_id).state in {Export.State.DONE, Export.State.FAILED}:
            break
    took, used = time.monotonic() - begin, time.process_time() - cpu
    export = Export.objects.get(pk=export_id)
    if export.state == Export.State.FAILED or not export.rows:
        report.notes.append(f"export: ended as {export.state} ({export.cause}) after {export.rows} rows")
        return
    report.set("export.rows_s", export.rows / took, 1)
    report.set("export.worker_cpu_ms", used / export.rows * 1000, 4)
    say(f"export: {export.rows} rows in {took:.1f} s, {export.rows / took:.0f}/s, {step} files")
    export.delete()


def _asked(server: Server, token: str) -> UUID:
    address = f"http://127.0.0.1:{server.port}/fhir/$export?_type=Observation"
    said = {"Authorization": f"Bearer {token}", "Prefer": "respond-async"}
    with urlopen(Request(address, headers=said), timeout=30) as answer:
        return UUID(answer.headers["Content-Location"].rpartition("/")[2])
