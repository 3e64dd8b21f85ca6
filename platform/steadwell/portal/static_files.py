"""Static files in production: hashed names for ever, compressed with gzip."""

from __future__ import annotations

from typing import Any

from whitenoise.compress import Compressor  # type: ignore[import-untyped]
from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]


class PortalStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    def create_compressor(self, **kwargs: Any) -> Compressor:
        # Brotli took 46 CPU seconds for a few kilobytes less.
        return Compressor(use_brotli=False, **kwargs)
