"""``python3 manage.py hl7 send|parse|replay``: for whoever connects a laboratory."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fhir_facade.hl7v2 import quarantine, tls
from fhir_facade.hl7v2.errors import REASONS, Unreadable
from fhir_facade.hl7v2.frames import END, frame
from fhir_facade.hl7v2.splitter import Message, open_envelope, split
from steadwell import clock
from steadwell.actor import system
from steadwell.errors import NotFound


class Command(BaseCommand):
    help = "Send HL7 files to a listener, show how we read one, or read a stored message again."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        send = acts.add_parser("send", help="send a file's messages over MLLP and print the answers")
        send.add_argument("file", type=Path)
        send.add_argument("--to", required=True, metavar="HOST:PORT")
        send.add_argument("--repeat", type=int, default=1, help="so many times")
        send.add_argument("--seconds", type=float, default=30.0, help="how long an answer may take")
        send.add_argument("--tls", action="store_true")
        send.add_argument("--ca", default="", help="whom to trust instead of the system's authorities (PEM)")
        send.add_argument("--certificate", default="", help="our client certificate (PEM)")
        send.add_argument("--key", default="")
        parse = acts.add_parser("parse", help="print a file as a tree, or as JSON")
        parse.add_argument("file", type=Path)
        parse.add_argument("--json", action="store_true")
        replay = acts.add_parser("replay", help="read a stored message again")
        replay.add_argument("id", type=UUID)

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['act']}")(options)

    def _send(self, options: dict[str, Any]) -> None:
        messages = open_envelope(_read(options["file"])).messages
        refused = 0
        try:
            with _connect(options) as connection:
                for _ in range(options["repeat"]):
                    for each in messages:
                        connection.sendall(frame(each))
                        if _wants_no_answer(each):
                            self.stdout.write("Sent. The message asks for no answer (MSH-15 and MSH-16).")
                        else:
                            refused += not self._tell(_answer(connection))
        except OSError as error:
            raise CommandError(f"{options['to']}: {error}") from error
        if refused:
            sys.exit(1)

    def _tell(self, answer: bytes) -> bool:
        """Print an acknowledgement; whether it accepts."""
        found = split(answer)
        code = found.named("MSA")[0].text(1) if found.named("MSA") else "?"
        said = [each.text(8) or each.text(1, 4, 2) for each in found.named("ERR")]
        control_id = found.named("MSA")[0].text(2) if found.named("MSA") else ""
        self.stdout.write(" ".join([code, control_id, *said]).strip())
        return code in {"AA", "CA"}

    def _parse(self, options: dict[str, Any]) -> None:
        try:
            found = [split(each) for each in open_envelope(_read(options["file"])).messages]
        except Unreadable as refused:
            raise CommandError(str(REASONS[refused.reason])) from refused
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(each) for each in found], ensure_ascii=False, indent=1))
            return
        for each in found:
            self.stdout.write(_as_tree(each))

    def _replay(self, options: dict[str, Any]) -> None:
        try:
            quarantine.replay(actor=system("hl7-command"), message_id=options["id"], now=clock.now())
        except NotFound as refused:
            raise CommandError("There is no such message.") from refused
        self.stdout.write("It will be read again.")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from error


def _connect(options: dict[str, Any]) -> socket.socket:
    host, _, port = options["to"].rpartition(":")
    if not host or not port.isdigit():
        raise CommandError("Say where as HOST:PORT, for example 127.0.0.1:2575.")
    plain = socket.create_connection((host.strip("[]"), int(port)), timeout=options["seconds"])
    if not options["tls"]:
        return plain
    context = tls.client_context(ca=options["ca"], certificate=options["certificate"], key=options["key"])
    return context.wrap_socket(plain, server_hostname=host.strip("[]"))


def _wants_no_answer(raw: bytes) -> bool:
    """HL7 v2.8, 2.9.3: NE in both fields is never; any other pair may be answered."""
    try:
        header = split(raw).segments[0]
    except Unreadable:
        return False
    return header.text(15) == header.text(16) == "NE"


def _answer(connection: socket.socket) -> bytes:
    found = b""
    while END not in found:
        data = connection.recv(65536)
        if not data:
            raise OSError("it ended the connection without an answer")
        found += data
    return found


def _as_json(message: Message) -> dict[str, Any]:
    return {
        "type": "^".join(part for part in message.kind if part),
        "control_id": message.control_id,
        "version": message.version,
        "charset": {
            "declared": message.decoded.declared, "read_as": message.decoded.codec,
            "doubtful": message.decoded.doubtful, "damaged": message.decoded.damaged,
        },
        "segments": [
            {
                "name": segment.name,
                "fields": {
                    str(number): segment.tree(number)
                    for number in range(1, len(segment.fields))
                    if segment.raw(number)
                },
            }
            for segment in message.segments
        ],
    }  # fmt: skip


def _as_tree(message: Message) -> str:
    charset = message.decoded
    doubt = " (not as declared)" if charset.doubtful else ""
    lines = [
        f"{'^'.join(message.kind)} {message.control_id} version {message.version}, {charset.codec}{doubt}"
    ]
    for segment in message.segments:
        lines.append(segment.name)
        for number in range(1, len(segment.fields)):
            if segment.raw(number):
                lines.append(f"  {segment.name}-{number:<3} {_as_line(segment.tree(number))}")
    return "\n".join(lines)


def _as_line(tree: list[list[list[str]]]) -> str:
    """Repetitions apart by a bar, components by a dot: as a person reads, not as it is written."""
    text = " | ".join(" · ".join(" & ".join(parts) for parts in repeat) for repeat in tree)
    return text.replace("\n", " ⏎ ")
