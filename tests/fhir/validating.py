"""google-fhir-r4 as a judge of what we serve: a process of its own, for as long as the tests run."""

from __future__ import annotations

import json
import subprocess
import threading
from functools import cache
from pathlib import Path

from steadwell.launcher import tools

# One question at a time: of threads that read at once one gets what the other waits for, and waits for ever.
_asking = threading.Lock()


@cache
def _program() -> subprocess.Popen[str]:
    program = Path(__file__).with_name("validator_program.py")
    return subprocess.Popen(
        [str(tools.python_of("validator")), "-W", "ignore", str(program)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


@cache
def verdict(text: str) -> str:
    """Empty for a valid resource. Ask with one line of JSON."""
    with _asking:
        judge = _program()
        assert judge.stdin is not None
        assert judge.stdout is not None
        judge.stdin.write(text.replace("\n", " ") + "\n")
        judge.stdin.flush()
        return str(json.loads(judge.stdout.readline()))


def stop() -> None:
    if _program.cache_info().currsize:
        _program().terminate()
        _program().wait()
        for pipe in (_program().stdin, _program().stdout):
            if pipe:
                pipe.close()
