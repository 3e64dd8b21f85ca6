from __future__ import annotations

import io
import json

import pytest
from certificates import Authority
from django.core.management import CommandError, call_command
from hl7_messages import header, message, patient, report, result
from wire import listening, registered
from working import receive, work

from fhir_facade.hl7v2.models import Hl7Message, Hl7Outcome
from steadwell.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)


def run(*words: str) -> str:
    said = io.StringIO()
    call_command("hl7", *words, stdout=said)
    return said.getvalue()


def test_send_prints_each_answer(tmp_path):
    registered()
    file = tmp_path / "two.hl7"
    file.write_bytes(report("C1") + report("C2"))

    with listening() as port:
        said = run("send", str(file), "--to", f"127.0.0.1:{port}", "--repeat", "2")

    assert said.splitlines() == ["AA C1", "AA C2"] * 2
    assert Hl7Message.objects.count() == 2


def test_send_does_not_wait_for_an_answer_that_nobody_wants(tmp_path):
    registered()
    file = tmp_path / "quiet.hl7"
    file.write_bytes(message(header("C1", accept="NE", application="NE"), patient(), result()))

    with listening() as port:
        said = run("send", str(file), "--to", f"127.0.0.1:{port}", "--seconds", "60")

    assert "asks for no answer" in said


def test_send_says_what_was_refused_and_fails(tmp_path, capsys):
    registered()
    file = tmp_path / "adt.hl7"
    file.write_bytes(message(header("C1", kind="ADT^A40"), patient()))
    said = io.StringIO()

    with listening() as port, pytest.raises(SystemExit):
        call_command("hl7", "send", str(file), "--to", f"127.0.0.1:{port}", stdout=said)

    assert said.getvalue() == "AR C1 This sender may not send this type of message.\n"


def test_send_over_tls(tmp_path):
    authority = Authority(tmp_path)
    lab, fingerprint = authority.issue("lab")
    registered("lab", networks=[], certificates=[fingerprint])
    file = tmp_path / "one.hl7"
    file.write_bytes(report("C1"))

    with listening(tls=authority.server()) as port:
        said = run(
            "send", str(file), "--to", f"127.0.0.1:{port}", "--tls", "--ca", str(authority.file),
            "--certificate", str(lab),
        )  # fmt: skip

    assert said == "AA C1\n"


@pytest.mark.parametrize("to", ["nowhere", "127.0.0.1:1"])
def test_send_says_when_nobody_listens(tmp_path, to):
    file = tmp_path / "one.hl7"
    file.write_bytes(report("C1"))

    with pytest.raises(CommandError):
        run("send", str(file), "--to", to)


def test_parse_shows_what_is_read(tmp_path):
    file = tmp_path / "one.hl7"
    file.write_bytes(report("C1", result(kind="FT", value="one\\.br\\two")))

    tree = run("parse", str(file))
    found = json.loads(run("parse", str(file), "--json"))

    assert "ORU^R01 C1 version 2.5.1, utf-8" in tree
    assert "  PID-5   Rivera · Ana · Lucia" in tree
    assert "  OBX-5   one ⏎ two" in tree
    assert found[0]["segments"][1]["fields"]["5"] == [[["Rivera"], ["Ana"], ["Lucia"]]]
    assert found[0]["charset"]["doubtful"] is False


def test_parse_says_why_not(tmp_path):
    file = tmp_path / "none.hl7"
    file.write_bytes(b"no HL7")

    with pytest.raises(CommandError, match="MSH"):
        run("parse", str(file))
    with pytest.raises(CommandError, match="No such file"):
        run("parse", str(tmp_path / "missing"))


def test_replay_reads_a_message_again():
    registered()
    _, row = receive(report("C1"))
    work()

    run("replay", str(row.pk))
    work()

    assert Hl7Outcome.objects.filter(message=row).count() == 2
    with pytest.raises(CommandError):
        run("replay", str(new_id()))
