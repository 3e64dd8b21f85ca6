"""Who vouches for a pack: an Ed25519 signature over the digests of its tables.

The signed text is canonical: a fixed first line, then ``sha256 name`` for each table by name, where the table
counts with line ends as LF and without a byte order mark. ``signature.tsv`` in the pack names the key and the
signature, both in base64. Public keys are files ``NAME.pub`` (base64 of the 32 raw bytes).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from medications.safety.errors import PackForged
from medications.safety.tables import COLUMNS

SIGNATURE = "signature.tsv"
_FIRST_LINE = "steadwell safety pack 1\n"


def canonical(folder: Path) -> bytes:
    """What is signed. Every table of the folder counts; a table that nobody reads is refused."""
    lines = [_FIRST_LINE]
    for path in sorted(folder.glob("*.tsv")):
        if path.name == SIGNATURE:
            continue
        if path.name not in COLUMNS:
            raise PackForged(f"{path} is no table of a pack.")
        text = path.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
        lines.append(f"{hashlib.sha256(text).hexdigest()} {path.name}\n")
    return "".join(lines).encode()


def keys_in(folders: Iterable[Path]) -> dict[str, Ed25519PublicKey]:
    """The public keys of some folders, by name. Raises PackForged for a file that holds none."""
    return {path.stem: _key(path) for folder in folders for path in sorted(folder.glob("*.pub"))}


def _key(path: Path) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(path.read_text("ascii").strip()))
    except (OSError, ValueError) as wrong:
        raise PackForged(f"{path} is no public key.") from wrong


def sign(folder: Path, *, key_name: str, private_key: Ed25519PrivateKey) -> None:
    """Write the pack's signature beside its tables."""
    signature = base64.b64encode(private_key.sign(canonical(folder))).decode()
    (folder / SIGNATURE).write_text(f"key\tsignature\n{key_name}\t{signature}\n", encoding="utf-8")


def verify(folder: Path, keys: dict[str, Ed25519PublicKey]) -> str:
    """The name of the key that vouches for the pack. Raises PackForged when none does."""
    path = folder / SIGNATURE
    if not path.exists():
        raise PackForged(f"{folder} is not signed.")
    _, _, line = path.read_text(encoding="utf-8", errors="replace").partition("\n")
    name, _, signature = line.strip().partition("\t")
    if name not in keys:
        raise PackForged(f"{folder} is signed by {name or 'nobody'}, whose key is not among those in use.")
    try:
        keys[name].verify(base64.b64decode(signature, validate=True), canonical(folder))
    except (InvalidSignature, binascii.Error) as wrong:
        raise PackForged(f"The signature of {folder} is not over what is there now.") from wrong
    return name
