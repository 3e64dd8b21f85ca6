"""TLS of the listener and of ``hl7 send``, and what a client certificate says about its owner."""

from __future__ import annotations

import hashlib
import ssl

from cryptography import x509
from django.conf import settings


def server_context() -> ssl.SSLContext | None:
    """As the environment says; None where no certificate is named."""
    if not settings.MLLP_TLS_CERTIFICATE:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.MLLP_TLS_CERTIFICATE, settings.MLLP_TLS_KEY or None)
    if settings.MLLP_TLS_CLIENT_CA:
        context.load_verify_locations(settings.MLLP_TLS_CLIENT_CA)
        context.verify_mode = ssl.CERT_REQUIRED if settings.MLLP_TLS_CLIENT_REQUIRED else ssl.CERT_OPTIONAL
    return context


def client_context(*, ca: str = "", certificate: str = "", key: str = "") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca or None)
    if certificate:
        context.load_cert_chain(certificate, key or None)
    return context


def fingerprint_of(certificate: bytes) -> str:
    """SHA-256 of the certificate as it was shown, in hexadecimal."""
    return hashlib.sha256(certificate).hexdigest()


def subject_of(certificate: bytes) -> str:
    """The subject as RFC 4514 writes it: ``CN=lab.example,O=Northern Laboratory``."""
    return x509.load_der_x509_certificate(certificate).subject.rfc4514_string()
