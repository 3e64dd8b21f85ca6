"""The cryptography of web push: sealing for a browser (RFC 8291, 8188) and proving who sends (RFC 8292)."""

from __future__ import annotations

import base64
import os
import struct
from collections.abc import Mapping

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_SIZE = 4096
# What a record may hold besides its 16 octets of tag and one of padding; we send one record.
LONGEST = RECORD_SIZE - 17
_CURVE = ec.SECP256R1()


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """Uncompressed, 65 octets."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def signing_key(secret: str) -> ec.EllipticCurvePrivateKey:
    """Our VAPID key from its 32 octets in base64url. Raises ValueError when it is none."""
    raw = decode(secret)
    if len(raw) != 32:
        raise ValueError("A VAPID key has 32 octets in base64url.")
    return ec.derive_private_key(int.from_bytes(raw), _CURVE)


def authorization(key: ec.EllipticCurvePrivateKey, claims: Mapping[str, object]) -> str:
    """The header's value: a token signed with ES256 (RFC 7518, 3.4: r and s of 32 octets), and our key."""
    head = encode(orjson.dumps({"typ": "JWT", "alg": "ES256"}))
    signed = f"{head}.{encode(orjson.dumps(dict(claims)))}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    token = f"{signed}.{encode(r.to_bytes(32) + s.to_bytes(32))}"
    return f"vapid t={token}, k={encode(point(key.public_key()))}"


def seal(
    text: bytes,
    *,
    public_key: str,
    auth: str,
    salt: bytes | None = None,
    ours: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """One aes128gcm record for the browser that holds the private half of ``public_key``.

    ``salt`` and ``ours`` are new for every message; they are given only to compare with RFC 8291's example.
    """
    if len(text) > LONGEST:
        raise ValueError("Too long for one record.")
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, decode(public_key))
    ours = ours or ec.generate_private_key(_CURVE)
    salt = salt or os.urandom(16)
    sender, reader = point(ours.public_key()), point(theirs)
    shared = ours.exchange(ec.ECDH(), theirs)
    secret = _derive(shared, decode(auth), b"WebPush: info\0" + reader + sender, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + struct.pack("!IB", RECORD_SIZE, len(sender)) + sender
    return head + AESGCM(key).encrypt(nonce, text + b"\x02", None)


def unseal(sealed: bytes, *, private: ec.EllipticCurvePrivateKey, auth: str) -> bytes:
    """What a browser does with it. Used where one is simulated."""
    salt, sender = sealed[:16], sealed[21 : 21 + sealed[20]]
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, sender)
    shared = private.exchange(ec.ECDH(), theirs)
    info = b"WebPush: info\0" + point(private.public_key()) + sender
    secret = _derive(shared, decode(auth), info, 32)
    key = _derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(secret, salt, b"Content-Encoding: nonce\0", 12)
    return AESGCM(key).decrypt(nonce, sealed[21 + sealed[20] :], None).rstrip(b"\0")[:-1]


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)
