"""What the safety checks refuse. All of it is loud: without a pack in force nothing may pass as checked."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from steadwell.errors import Kind, Refusal


class PackUnusable(Refusal):
    """No check can be made. ``detail`` says why, for who runs the platform; the text is for the reader."""

    code: ClassVar[str] = "safety-pack-unusable"
    kind: ClassVar[Kind] = Kind.BUSY
    message = _(
        "The safety checks cannot be made now, so nothing was changed. Please tell those who run this portal."
    )

    def __init__(self, detail: str) -> None:
        super().__init__()
        self.detail = detail


class PackMissing(PackUnusable):
    code: ClassVar[str] = "safety-pack-missing"


class PackExpired(PackUnusable):
    code: ClassVar[str] = "safety-pack-expired"


class PackForged(PackUnusable):
    """The signature is missing, by an unknown key, or not over what is there."""

    code: ClassVar[str] = "safety-pack-forged"


class PackMalformed(PackUnusable):
    code: ClassVar[str] = "safety-pack-malformed"
