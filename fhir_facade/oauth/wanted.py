"""What an app asks for, in the words of OAuth scopes: about data, about who signs in, about how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fhir_facade.smart import scopes
from fhir_facade.smart.types import Level, Scope

# SMART App Launch 2.2, "Scopes and Launch Context". They open no data by themselves.
LAUNCH = frozenset({"launch", "launch/patient", "launch/encounter"})
IDENTITY = frozenset({"openid", "fhirUser", "profile"})
LASTING = frozenset({"offline_access", "online_access"})
AROUND = LAUNCH | IDENTITY | LASTING


def understood(asked: Iterable[str], *, allowed: str) -> list[str]:
    """Those of the asked scopes that mean something here and that the client may have, in their order.

    SMART lets a server grant less than was asked for. Scopes of the whole system are for services, which
    sign for themselves and are asked nothing.
    """
    wide = scopes.parse(allowed)
    kept = []
    for text in dict.fromkeys(asked):
        if text in AROUND:
            kept.append(text)
            continue
        scope = scopes.parse_one(text)
        if scope is None or scope.level is Level.SYSTEM:
            continue
        if not allowed or any(scope.is_within(each) for each in wide):
            kept.append(text)
    return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One request's scopes, sorted. ``data`` keeps each scope's own spelling: the answer repeats it."""

    data: tuple[tuple[str, Scope], ...]
    around: tuple[str, ...]

    @property
    def needs_patient(self) -> bool:
        return "launch/patient" in self.around or any(s.level is Level.PATIENT for _, s in self.data)

    @property
    def stays(self) -> bool:
        """Whether the app wants to come back when nobody is there."""
        return "offline_access" in self.around


def sorted_out(texts: Iterable[str]) -> Wanted:
    data, around = [], []
    for text in texts:
        scope = None if text in AROUND else scopes.parse_one(text)
        if scope is not None:
            data.append((text, scope))
        elif text in AROUND:
            around.append(text)
    return Wanted(data=tuple(data), around=tuple(around))
