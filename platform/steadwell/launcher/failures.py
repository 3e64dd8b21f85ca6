"""What can go wrong on somebody's machine, in words that say what to do next."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

# Below this a Postgres checkpoint or a log line may already be refused.
NEARLY_FULL = 32 * 1024 * 1024
# Where else a thing may lie: data that is kept, a folder that ends with its run.
OTHER_DATA = "choose another folder for the data: --data-dir FOLDER"
OTHER_TEMPORARY = "set TMPDIR to another folder"


class Failure(Exception):
    """Starting or running cannot go on. The message is for the person at the keyboard."""


def disk_is_full(folder: Path, elsewhere: str = OTHER_DATA) -> str:
    """The words for a full disk, named by the nearest folder that exists, or by the temporary one."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    temporary = Path(tempfile.gettempdir())
    if _free(folder) > NEARLY_FULL and _free(temporary) < NEARLY_FULL:
        folder, elsewhere = temporary, OTHER_TEMPORARY
    megabytes = _free(folder) // (1024 * 1024)
    return (
        f"The disk that holds {folder} is full ({megabytes} MB free).\nFree about 1 GB there, or {elsewhere}."
    )


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def out_of_room(folder: Path, text: str = "") -> bool:
    """Whether a failure below ``folder`` came from a full disk: its output says so, or no room is left."""
    if os.strerror(errno.ENOSPC) in text or os.strerror(errno.EDQUOT) in text:
        return True
    return folder.exists() and _free(folder) < NEARLY_FULL


def explain(error: OSError, folder: Path, elsewhere: str = OTHER_DATA) -> Failure:
    """A refusal of the operating system below ``folder``, in words; ``elsewhere`` says how to use another."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Failure(disk_is_full(folder, elsewhere))
    where = error.filename or folder
    if isinstance(error, PermissionError):
        return Failure(
            f"{where} may not be written by this user.\n"
            f"Another user made it (root?). Start as that user, or {elsewhere}"
        )
    if error.errno == errno.EROFS:
        return Failure(f"{where} lies where nothing may be written.\nFor another place, {elsewhere}")
    return Failure(f"{where}: {error.strerror or error}")


def missing(name: str, package: str, variable: str | None) -> Failure:
    """No server of that name on this machine. ``variable`` names one elsewhere, for those who may use it."""
    other = f", or set {variable} to a server of yours" if variable else ""
    return Failure(
        f"There is no {name} for this machine.\nInstall Debian's (apt-get install {package}){other}."
    )


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, indented, for the end of a message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8000))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
