from __future__ import annotations

import threading
import time

import pytest
from django.db import connection
from hl7_messages import header, message, order, patient, report, result
from killing import wait_until
from wire import PATIENCE, Wire, code_of, listening, registered

from fhir_facade.hl7v2 import storing
from fhir_facade.hl7v2.frames import END, START, frame
from fhir_facade.hl7v2.listener import Rules
from fhir_facade.hl7v2.models import Hl7Message, Hl7Quarantine, Hl7Sender
from fhir_facade.hl7v2.splitter import Limits
from steadwell.outbox.models import OutboxDelivery, OutboxEvent
from tests.idling import idle_out

pytestmark = pytest.mark.django_db(transaction=True)
STORED, CRITICAL = "hl7.lab_message_stored.v1", "hl7.critical_lab_message_stored.v1"


@pytest.fixture
def north() -> Hl7Sender:
    return registered()


@pytest.fixture
def port(north):
    with listening() as found:
        yield found


def last_code(wire: Wire) -> str | None:
    try:
        return code_of(wire.answer())
    except (EOFError, ConnectionError):
        return None


def is_let_go(wire: Wire) -> bool:
    try:
        return wire.code(report("C1")) != "AA"
    except (EOFError, ConnectionError):
        return True


def told() -> list[str]:
    return sorted(OutboxEvent.objects.values_list("name", flat=True))


def test_message_is_stored_byte_for_byte_and_promised(port, north):
    raw = report("C1")

    with Wire(port) as wire:
        ack = wire.ask(raw)

    assert code_of(ack) == "AA"
    assert ack.named("MSA")[0].text(2) == "C1"
    assert [ack.header.text(n) for n in (3, 4, 5, 6, 9)] == ["STEADWELL", "CLINIC", "LAB", "NORTH", "ACK"]
    stored = Hl7Message.objects.get()
    assert (bytes(stored.body), stored.sender_id, stored.kind) == (raw, north.pk, "ORU^R01")
    assert told() == [STORED]
    assert OutboxDelivery.objects.get().queue == "labs.ingest"


@pytest.mark.parametrize(
    "urgent",
    [
        result(flags="HH"),
        result(flags="H~H*"),
        result(code="2823-3^Potassium^LN", value="7.2", unit="mmol/L", flags=""),
        result(code="K^Kalium^L^2823-3^Potassium^LN", kind="SN", value="^7.2", unit="mmol/L", flags=""),
    ],
)
def test_critical_message_rides_its_own_queue(port, urgent):
    with Wire(port) as wire:
        wire.ask(report("C1", result(), urgent))

    assert told() == [CRITICAL]
    assert OutboxDelivery.objects.get().queue == "labs.critical"


def test_repeat_has_one_effect_and_two_acknowledgements(port):
    with Wire(port) as one, Wire(port) as two:
        codes = [one.code(report("C1")), one.code(report("C1")), two.code(report("C1"))]

    assert codes == ["AA", "AA", "AA"]
    assert Hl7Message.objects.count() == 1
    assert told() == [STORED]


def test_control_id_with_another_body_is_set_aside_and_both_sides_see_it(port):
    with Wire(port) as wire:
        wire.ask(report("C1"))
        ack = wire.ask(report("C1", result(value="9.9")))
        again = wire.ask(report("C1", result(value="9.9")))

    assert (code_of(ack), code_of(again)) == ("AE", "AE")
    assert ack.named("ERR")[0].text(3) == "205"
    assert Hl7Message.objects.count() == 2
    assert Hl7Quarantine.objects.get().reason == "control-id-reused"
    assert told() == [STORED]


def test_two_messages_in_one_frame_and_two_frames_at_once(port):
    with Wire(port) as wire:
        wire.send(frame(report("C1") + report("C2")) + frame(report("C3")))

        answers = [wire.answer() for _ in range(3)]

    assert [each.named("MSA")[0].text(2) for each in answers] == ["C1", "C2", "C3"]
    assert Hl7Message.objects.count() == 3


def test_missing_start_block_split_marks_and_nul_bytes(port):
    with Wire(port) as wire:
        wire.send(report("C1") + END)  # no start, no last byte
        assert code_of(wire.answer()) == "AA"
        wire.send(b"\r\n\x00" + START + report("C2", result(value="a\x00b", kind="ST"))[:50])
        wire.send(report("C2", result(value="a\x00b", kind="ST"))[50:] + END)
        assert code_of(wire.answer()) == "AA"
        wire.send(b"\r" + START + b"half of one" + frame(report("C3")))
        assert wire.answer().named("MSA")[0].text(2) == "C3"


def test_message_with_ten_thousand_segments(port):
    with Wire(port) as wire:
        assert wire.code(report("C1", *[result(number) for number in range(10_000)])) == "AA"


@pytest.mark.parametrize(
    ("raw", "code", "error"),
    [
        (b"no HL7 at all", "AE", "100"),
        (b"MSH|^^^^|", "AE", "102"),
        (message(header("", kind="ORU^R01")), "AE", "101"),
        (message(header("C1", kind="ADT^A40"), patient()), "AR", "200"),
        (message(header("C1").replace("|P|", "|T|")), "AR", "202"),
        (message(header("C" * 300)), "AE", "102"),
    ],
)
def test_what_cannot_be_taken_is_answered_with_its_reason(port, raw, code, error):
    with Wire(port) as wire:
        ack = wire.ask(raw)

    assert code_of(ack) == code
    assert ack.named("ERR")[0].text(3) == error
    assert ack.named("ERR")[0].text(8)
    assert Hl7Message.objects.count() == Hl7Quarantine.objects.count() == (1 if code == "AE" else 0)
    assert told() == []


def test_allowed_type_without_a_reader_is_kept_and_said_to_be():
    registered(message_types=["ORU^R01", "ADT^*"])
    with listening() as port, Wire(port) as wire:
        ack = wire.ask(message(header("C1", kind="ADT^A08"), patient()))

    assert code_of(ack) == "AE"
    assert Hl7Quarantine.objects.get().reason == "not-handled"


def test_older_versions_hear_the_error_where_they_look(port):
    with Wire(port) as wire:
        ack = wire.ask(message(header("C1", kind="ADT^A40", version="2.3"), patient()))

    assert ack.named("MSA")[0].text(3) == "This sender may not send this type of message."
    assert ack.named("ERR")[0].text(1, 4, 1) == "200"
    assert ack.header.text(12) == "2.3"


@pytest.mark.parametrize(
    ("accept", "application", "good", "bad"),
    [
        ("AL", "NE", ["CA"], ["CE"]),
        ("AL", "AL", ["CA", "AA"], ["CE"]),
        ("NE", "AL", ["AA"], ["AE"]),
        ("ER", "NE", [], ["CE"]),
        ("ER", "AL", ["AA"], ["CE"]),
        ("SU", "ER", ["CA"], ["AE"]),
        ("NE", "NE", [], []),
        ("", "", ["AA"], ["AE"]),
    ],
)
def test_enhanced_mode_answers_what_was_asked_for(port, accept, application, good, bad):
    def asked(control_id: str, value: str) -> bytes:
        first = header(control_id, accept=accept, application=application)
        return message(first, patient(), order(), result(value=value))

    with Wire(port) as wire:
        heard = []
        wire.send(frame(asked("C1", "1")))
        wait_until(Hl7Message.objects.exists, seconds=PATIENCE, what="the first is stored")
        wire.send(frame(asked("C1", "2")) + frame(report("END")))
        while (ack := wire.answer()).named("MSA")[0].text(2) != "END":
            heard.append(code_of(ack))

    assert heard == [*good, *bad]


def test_marks_and_characters_of_the_sender_come_back(port):
    raw = "MSH$%*!@$LÄB$N$$$20260302$$ORU%R01$C9$P$2.3$$$$$$8859/1\rPID$1\r".encode("latin-1")

    with Wire(port) as wire:
        ack = wire.ask(raw)

    assert code_of(ack) == "AA"
    assert ack.header.text(5) == "LÄB"
    assert ack.raw.startswith(b"\x0bMSH$%*!@$")


def test_stranger_is_not_talked_to():
    registered(networks=["10.0.0.0/8"])
    with listening() as port, Wire(port) as wire:
        assert wire.ended()


def test_sender_that_is_struck_off_is_out():
    north = registered()
    with listening() as port, Wire(port) as wire:
        assert wire.code(report("C1")) == "AA"
        Hl7Sender.objects.filter(pk=north.pk).update(active=False)

        wait_until(lambda: is_let_go(wire), seconds=PATIENCE, what="it is let go")


def test_applications_tell_senders_of_one_network_apart():
    registered("any", processing=["T"])
    east = registered("east", applications=["LAB|EAST"])
    with listening() as port, Wire(port) as wire:
        assert wire.code(message(header("C1", sender="LAB|EAST"), patient())) == "AA"
        assert wire.code(message(header("C2", sender="LAB|WEST"), patient())) == "AR"

    assert Hl7Message.objects.get().sender_id == east.pk


def test_same_control_id_of_two_senders_is_two_messages():
    registered("east", applications=["LAB|EAST"])
    registered("west", applications=["LAB|WEST"])
    with listening() as port, Wire(port) as wire:
        for place in ("EAST", "WEST"):
            assert wire.code(message(header("C1", sender=f"LAB|{place}"), patient())) == "AA"

    assert Hl7Message.objects.count() == 2


def test_sender_has_only_so_many_connections():
    registered(connections=2)
    with listening() as port, Wire(port) as one, Wire(port) as two:
        assert one.code(report("C1")) == two.code(report("C2")) == "AA"
        with Wire(port) as three:
            assert three.ended()
        assert one.code(report("C3")) == "AA"


def test_message_that_trickles_ends_its_connection_and_no_other(north):
    with listening(Rules(frame_seconds=1.0)) as port, Wire(port) as slow, Wire(port) as quick:
        ended = False
        for byte in frame(report("C1")):
            try:
                slow.send(bytes([byte]))
            except ConnectionError:
                ended = True
                break
            assert quick.code(report(f"Q{Hl7Message.objects.count()}")) == "AA"
            time.sleep(0.1)

    assert ended
    assert not Hl7Message.objects.filter(control_id="C1").exists()


def test_idle_connection_is_ended(north):
    def speaks_and_is_ended() -> bool:
        with Wire(port) as wire:
            try:
                code = wire.code(report("C1"))
            except (EOFError, ConnectionError):
                return False  # ended before it came to speak
            assert code == "AA"
            return wire.ended()

    with listening(Rules(idle_seconds=1.0)) as port:
        wait_until(speaks_and_is_ended, seconds=PATIENCE, what="it is answered, and ended when it is idle")


def test_hundred_megabytes_are_refused_and_the_connection_lives_on(port):
    chunk = b"x" * 2**20
    with Wire(port) as wire:
        wire.send(START + report("BIG").rstrip(b"\r"))
        for _ in range(100):
            wire.send(chunk)
        wire.send(END + b"\r")

        ack = wire.answer()

        assert code_of(ack) == "AR"
        assert ack.named("MSA")[0].text(2) == "BIG"
        assert wire.code(report("C2")) == "AA"


def test_limits_are_the_listeners_own(north):
    with listening(Rules(limits=Limits(size=2000, segments=5))) as port, Wire(port) as wire:
        assert wire.code(report("C1", *[result(n) for n in range(3)])) == "AR"
        assert wire.code(report("C2", *[result(n) for n in range(40)])) == "AR"
        assert wire.code(report("C3")) == "AA"


def test_sender_that_reads_no_answers_is_held_back_not_stored_without_end(north):
    with listening(Rules(pipelined=4, in_flight=8)) as port, Wire(port) as wire:
        for number in range(50):
            wire.send(frame(report(f"C{number}")))

        codes = [code_of(wire.answer()) for _ in range(50)]

    assert codes == ["AA"] * 50


def test_nothing_is_acknowledged_while_the_database_refuses(port, north, owner_connection):
    held = threading.Event()
    with Wire(port) as wire, owner_connection.transaction():
        owner_connection.execute("LOCK TABLE fhir_facade_hl7message IN ACCESS EXCLUSIVE MODE")
        wire.send(frame(report("C1")))
        wire.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            wire.answer()
        held.set()

    with Wire(port) as wire:
        assert wire.code(report("C1")) == "AA"
    assert Hl7Message.objects.count() == 1


def test_session_that_ended_while_it_stored_refuses_nothing(port, north, owner_connection, monkeypatch):
    """The process paused within the transaction, for longer than Postgres lets a session be idle there."""
    goes_on, paused = storing._set_aside, []

    def pause_once(*about: object) -> None:
        if not paused:
            paused.append(True)
            idle_out(owner_connection)
        goes_on(*about)

    monkeypatch.setattr(storing, "_set_aside", pause_once)
    with Wire(port) as wire:
        assert wire.code(report("C1")) == "AA"

    assert paused
    assert Hl7Message.objects.count() == len(told()) == 1


def test_stop_answers_what_was_taken(north):
    with listening() as port:
        wire = Wire(port)
        for number in range(10):
            wire.send(frame(report(f"C{number}")))
        first = wire.answer()
    codes = [code_of(first)]
    with wire:
        while (code := last_code(wire)) is not None:
            codes.append(code)

    assert set(codes) == {"AA"}
    assert Hl7Message.objects.count() == len(codes)


def test_same_messages_from_many_senders_at_once_are_each_one(north):
    raws = [report(f"C{number}") for number in range(30)]
    codes: list[str] = []

    def send(port: int, order_: list[bytes]) -> None:
        with Wire(port) as wire:
            for raw in order_:
                wire.send(frame(raw))
            codes.extend(code_of(wire.answer()) for _ in order_)

    with listening() as port:
        threads = [
            threading.Thread(target=send, args=(port, list(reversed(raws)) if number % 2 else raws))
            for number in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert codes == ["AA"] * 180
    assert Hl7Message.objects.count() == len(told()) == 30


def test_stored_messages_refuse_change(port):
    with Wire(port) as wire:
        wire.ask(report("C1"))

    with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("UPDATE fhir_facade_hl7message SET body = ''")
