"""Nothing that a message says about a patient leaves by a log line or a metric, whatever becomes of it."""

from __future__ import annotations

import pytest
from hl7_messages import header, message, order, patient, result
from wire import Wire, listening, registered
from working import work

from fhir_facade.hl7v2 import quarantine
from fhir_facade.hl7v2.models import Hl7Message
from steadwell import clock
from steadwell.actor import system
from steadwell.observability import metrics

pytestmark = pytest.mark.django_db(transaction=True)
CANARIES = ("Quetzalcoatl", "19371123", "XQ77-4711", "918.273", "mauve-opinion")


def carrying(control_id: str, *segments: str, kind: str = "ORU^R01", mode: str = "P") -> bytes:
    name, born, number, value, words = CANARIES
    first = header(f"{control_id}", kind=kind).replace("|P|", f"|{mode}|")
    results = segments or (order(f"F-{control_id}"), result(value=value), f"NTE|1||{words}")
    return message(first, patient(number, name=f"{name}^{name}", born=born), *results)


def test_logs_and_metrics_hold_nothing_of_a_message(capfd):
    registered(message_types=["ORU^R01", "ADT^A08"])
    with listening() as port, Wire(port) as wire:
        for raw in (
            carrying("C1"),
            carrying("C1", order("other"), result(value=CANARIES[3])),
            carrying("C2", f"ZZZ|{CANARIES[4]}"),  # no report in it
            carrying("C3", kind="ADT^A08"),  # no reader for it
            carrying("C4", kind="ADT^A40"),  # not allowed
            carrying("C5", mode="T"),
            carrying("C6").replace(b"MSH|^~\\&", b"MSH|^^\\&"),
            CANARIES[0].encode(),
        ):
            wire.ask(raw)
        wire.send(b"\x0b" + carrying("C7")[:80])  # and goes away in the middle
    work()
    for row in Hl7Message.objects.all():
        quarantine.replay(actor=system("test"), message_id=row.pk, now=clock.now())
    work()

    said = "".join(capfd.readouterr()) + metrics.render().decode()

    assert "hl7." in said
    assert [canary for canary in CANARIES if canary in said] == []
