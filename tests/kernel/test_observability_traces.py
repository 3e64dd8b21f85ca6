"""One trace from the click to the provider's call, with and without somebody who records it."""

from __future__ import annotations

import os
import re

import pytest

from steadwell.observability.service import annotate, current_traceparent, recorded_spans, span

TRACEPARENT = "00-" + "a1" * 16 + "-" + "b2" * 8 + "-01"


def test_span_continues_the_trace_that_was_stored_with_the_work():
    with span("request"):
        stored = current_traceparent()
    with span("outbox.delivered", traceparent=stored), span("mail.sent"):
        later = current_traceparent()

    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", stored)
    assert later.split("-")[1] == stored.split("-")[1]
    assert later.split("-")[2] != stored.split("-")[2]


def test_span_without_stored_trace_starts_its_own():
    with span("poll"):
        outer = current_traceparent()
        with span("outbox.delivered", traceparent=""):
            inner = current_traceparent()

    assert inner.split("-")[1] != outer.split("-")[1]


@pytest.mark.parametrize("broken", ["x", "00-zz-11-01", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "1-2-3-4"])
def test_span_with_a_broken_traceparent_starts_its_own(broken):
    with span("outbox.delivered", traceparent=broken):
        assert re.fullmatch(r"00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-\d\d", current_traceparent())


def test_no_span_leaves_no_trace():
    with span("request"):
        pass

    assert current_traceparent() == ""


def test_recorded_spans_hang_on_their_parents():
    with recorded_spans() as spans, span("outbox.delivered", traceparent=TRACEPARENT), span("mail.sent"):
        pass

    mail, delivered = spans
    assert (mail.name, delivered.name) == ("mail.sent", "outbox.delivered")
    assert mail.parent.span_id == delivered.context.span_id
    assert f"{delivered.parent.span_id:016x}" == "b2" * 8
    assert f"{mail.context.trace_id:032x}" == "a1" * 16


def send_and_fail() -> None:
    with span("mail.sent", attributes={"channel": "email", "name": "Quillfeather", "attempt": 2}):
        annotate(code="refused", born="1931-04-05")
        raise ValueError("Quillfeather, 7.10")


def test_recorded_span_holds_codes_and_the_failure_class_only():
    with recorded_spans() as spans, pytest.raises(ValueError, match="Quillfeather"):
        send_and_fail()

    (finished,) = spans
    assert dict(finished.attributes) == {
        "channel": "email",
        "attempt": 2,
        "code": "refused",
        "error.type": "builtins.ValueError",
    }
    assert finished.events == ()
    assert finished.status.description is None


def test_child_process_makes_ids_of_its_own():
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            with span("request"):
                os.write(write, current_traceparent().encode())
        finally:
            os._exit(0)  # else it would go on with the tests
    os.waitpid(pid, 0)
    with span("request"):
        mine = current_traceparent()

    assert os.read(read, 100).decode() != mine
