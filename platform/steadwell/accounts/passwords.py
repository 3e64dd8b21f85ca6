"""What a password may be: long enough and not one that others try first (NIST 800-63B-4, section 3.1.1.2).

No rules about kinds of characters; paste and every printable character are welcome.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

SERVICE_WORDS = ("steadwell",)
RUNS = (
    "abcdefghijklmnopqrstuvwxyz" * 2,
    "01234567890" * 3,
    "qwertyuiopasdfghjklzxcvbnm" * 2,
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
)
MOST = 256  # hashing must not become the attack


class LengthValidator:
    def __init__(self, least: int = 12) -> None:
        self.least = least

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) < self.least:
            raise ValidationError(self.get_help_text(), code="password_too_short")
        if len(password) > MOST:
            raise ValidationError(
                _("This password is too long. Use at most %(most)s characters.") % {"most": MOST},
                code="password_too_long",
            )

    def get_help_text(self) -> str:
        return ngettext(
            "Use at least %(least)d character. A few words in a row are easy to remember.",
            "Use at least %(least)d characters. A few words in a row are easy to remember.",
            self.least,
        ) % {"least": self.least}


class BlockListValidator:
    """Refuses what is tried first: known passwords, also padded, repetitions, runs of keys, names."""

    def __init__(self) -> None:
        self.known: frozenset[str] = frozenset(CommonPasswordValidator().passwords)

    def validate(self, password: str, user: Any = None) -> None:
        bare = password.strip().lower()
        if self._is_known(bare) or self._is_run(bare) or self._is_named_after(bare, user):
            raise ValidationError(self.get_help_text(), code="password_too_common")

    def _is_known(self, bare: str) -> bool:
        core = bare.strip("0123456789!?.,-_*#$@ ")
        return (
            bare in self.known
            or len(core) < 4
            or (core in self.known and len(bare) - len(core) <= 6)
            or any(self._is_weak_piece(bare, size) for size in range(1, len(bare) // 2 + 1))
        )

    def _is_weak_piece(self, bare: str, size: int) -> bool:
        """Whether it is one piece over and over, short or itself known."""
        piece = bare[:size]
        whole = (piece * (len(bare) // size + 1))[: len(bare)]
        return whole == bare and (size <= 6 or piece in self.known)

    def _is_run(self, bare: str) -> bool:
        return any(bare in run or bare[::-1] in run for run in RUNS)

    def _is_named_after(self, bare: str, user: Any) -> bool:
        address = str(getattr(user, "email", "") or "").lower()
        names = [*SERVICE_WORDS, address, address.partition("@")[0], address.partition("@")[2]]
        return any(len(name) >= 4 and name in bare and len(bare) - len(name) < 8 for name in names)

    def get_help_text(self) -> str:
        return _(
            "Choose one that nobody would try first: no common password, no row of keys, not your address."
        )
