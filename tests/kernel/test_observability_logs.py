"""Lines hold ids, codes and counts; what a person is, says or was measured at never gets out."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from steadwell.observability import logs
from steadwell.observability.service import bound, get_logger, span

SLOT = UUID("01890000-0000-7000-8000-000000000001")
CANARIES = ("Quillfeather", "1931-04-05", "MRN-7781234", "7.10917")

log = get_logger("tests.observability")


@pytest.fixture
def lines(capsys):
    """The lines written so far, parsed from JSON."""
    logs.configure(style="json", level="INFO")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logs.configure(style="keyvalue", level="INFO")


def test_log_keeps_ids_codes_counts_and_instants(lines):
    at = datetime(2026, 3, 3, 14, 5, tzinfo=UTC)

    log.info("slot.claimed", slot_id=SLOT, queue="labs.critical", attempts=2, due_at=at, ms=1.23456)

    (line,) = lines()
    assert line["event"] == "slot.claimed"
    assert line["logger"] == "tests.observability"
    assert (line["slot_id"], line["queue"], line["attempts"]) == (str(SLOT), "labs.critical", 2)
    assert (line["due_at"], line["ms"]) == (at.isoformat(), 1.235)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Quillfeather"},
        {"person_id": "Quillfeather"},
        {"person_id": "MRN-7781234"},
        {"code": "Quillfeather has 7.10917"},
        {"birth_date": date(1931, 4, 5)},
        {"born_at": date(1931, 4, 5)},
        {"value": 7.10917},
        {"count": "7.10917"},
        {"ids": ["MRN-7781234"]},
        {"status": {"name": "Quillfeather"}},
        {"Quillfeather said": 1},
    ],
)
def test_log_refuses_what_is_no_id_code_or_count(lines, fields):
    log.info("person.seen", **fields)

    (line,) = lines()
    assert line["refused_keys"]
    assert not any(canary in json.dumps(line) for canary in CANARIES)


def test_log_refuses_an_event_that_is_a_sentence(lines):
    log.info("Quillfeather came in")

    (line,) = lines()
    assert line["event"] == "log.event_name_refused"
    assert "Quillfeather" not in json.dumps(line)


def test_log_tells_an_exception_by_class_and_place_only(lines):
    def fail(name: str) -> None:
        try:
            raise KeyError(name)
        except KeyError as error:
            raise ValueError(f"{name} born 1931-04-05") from error

    try:
        fail("Quillfeather")
    except ValueError:
        log.exception("person.read_failed")

    (line,) = lines()
    assert line["error"] == "builtins.ValueError<-builtins.KeyError"
    assert ":fail" in line["frames"]
    assert not any(canary in json.dumps(line) for canary in CANARIES)


def test_log_of_a_library_keeps_its_words_and_drops_its_values(lines):
    formatter = logs.RecordFormatter()
    numbers = (7, "Quillfeather", SLOT)
    templated = logging.LogRecord("lib", logging.ERROR, "x.py", 3, "try %d of %s for %s", numbers, None)
    joined = logging.LogRecord("lib", logging.ERROR, "x.py", 4, "Quillfeather failed", None, None)

    first, second = json.loads(formatter.format(templated)), json.loads(formatter.format(joined))

    assert first["text"] == f"try_7_of_*_for_{SLOT}"
    assert second["where"] == "x:4"
    assert "Quillfeather" not in json.dumps([first, second])


def test_log_lines_of_one_request_share_its_ids(lines):
    with bound(request_id="ab12" * 6), span("request"):
        log.info("slot.claimed")
        log.info("visit.booked")

    first, second = lines()
    assert first["request_id"] == second["request_id"] == "ab12" * 6
    assert first["trace_id"] == second["trace_id"]


def test_log_as_key_value_is_one_line(capsys):
    log.info("slot.claimed", slot_id=SLOT, attempts=1)

    (line,) = capsys.readouterr().err.splitlines()
    assert f"event=slot.claimed logger=tests.observability slot_id={SLOT} attempts=1" in line
