"""The key that signs identity tokens (RS256).

Production names its own (OIDC_PRIVATE_KEY). Elsewhere one is made when it is first needed: `programs.load`
does so before it forks, so that every process of a laptop signs with the same.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.utils import jwk_from_pem


def ready() -> str:
    """The private key as PEM, there for django-oauth-toolkit from now on."""
    if not oauth2_settings.OIDC_RSA_PRIVATE_KEY:
        oauth2_settings.OIDC_RSA_PRIVATE_KEY = _made()
    return str(oauth2_settings.OIDC_RSA_PRIVATE_KEY)


def public_keys() -> list[dict[str, Any]]:
    """What those who check our tokens read (JWKS): today's key first, then former ones."""
    return [
        {"alg": "RS256", "use": "sig", "kid": key.thumbprint()} | json.loads(key.export_public())
        for key in map(jwk_from_pem, [ready(), *oauth2_settings.OIDC_RSA_PRIVATE_KEYS_INACTIVE])
    ]


@lru_cache(maxsize=1)
def _made() -> str:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
