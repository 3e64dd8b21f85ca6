"""What is said when everything runs: where to click, and as whom."""

from __future__ import annotations

import json
import os
from pathlib import Path

from steadwell.launcher import processes

SIDES = {
    "patient": "a patient",
    "front-desk": "the front desk",
    "clinician": "a clinician",
    "running": "the manager",
}
EACH_SIDE = 2


def read_people() -> list[tuple[str, str, str]]:
    """Side, name and note of a few demo people. Asked in a child: the supervisor holds no connection."""
    read, write = os.pipe()

    def body() -> None:
        from steadwell.config import programs

        with os.fdopen(write, "w") as out:
            json.dump(programs.demo_people(each_side=EACH_SIDE), out)

    child = processes.fork("sw-people", body, log=None)
    os.close(write)
    with os.fdopen(read) as answer:
        text = answer.read()
    return [tuple(person) for person in json.loads(text)] if child.wait() == 0 else []


def text(address: str, data: Path, people: list[tuple[str, str, str]], *, hl7: str, control: str = "") -> str:
    lines = ["", f"  Steadwell is ready:  {address}", ""]
    if people:
        lines += [f"  Sign in with one click at {address}/demo/ as", ""]
        width = max(len(name) for _side, name, _note in people)
        told = ""
        for side, name, note in people:
            lines.append(
                f"    {'' if side == told else SIDES.get(side, side):<16}{name:<{width}}   {note}".rstrip()
            )
            told = side
        lines += ["", f"  The mail that the clinic would send lies at {address}/demo/mailbox/"]
        lines += [f"  Text messages arrive at {address}/demo/handset/", ""]
    if control:
        lines += [
            "  To see a provider misbehave (hang, refuse, error, slow, drop, and ok again):",
            f'    curl -d \'{{"mode": "hang"}}\' {control}/behave/sms-a',
            "",
        ]
    lines += [f"  HL7 messages (MLLP) are taken at {hl7}:  python3 manage.py hl7 send FILE --to {hl7}", ""]
    return "\n".join([*lines, f"  Ctrl-C stops it. The data stays in {data}", ""])
