"""What labs asks of the outside: how sites and clinicians are called, and who is on duty."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from steadwell.ids import PractitionerId, SiteId


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    zones: Mapping[SiteId, str]
    names: Mapping[PractitionerId, str]


class Directory(Protocol):
    """The clinic as a directory. The wiring binds it to scheduling."""

    def site_name(self, *, site_id: SiteId, now: datetime) -> str:
        """Empty for a site that is not known (any more)."""
        ...

    def site_zone(self, *, site_id: SiteId, now: datetime) -> str:
        """An IANA zone; UTC for a site that is not known."""
        ...

    def site_phone(self, *, site_id: SiteId, now: datetime) -> str:
        """Empty where it is not known."""
        ...

    def site_names(self, *, now: datetime) -> Mapping[SiteId, str]: ...

    def practitioner_names(
        self, *, practitioner_ids: Collection[PractitionerId], now: datetime
    ) -> Mapping[PractitionerId, str]:
        """Those that are known."""
        ...

    def labels(
        self,
        *,
        site_ids: Collection[SiteId],
        practitioner_ids: Collection[PractitionerId],
        now: datetime,
    ) -> Labels:
        """The zones of sites and the names of clinicians that are known, in one question."""
        ...

    def sites_of(self, *, practitioner_id: PractitionerId, now: datetime) -> frozenset[SiteId]: ...

    def on_call(self, *, site_id: SiteId, now: datetime) -> Sequence[PractitionerId]:
        """Who is on duty at a site at that moment, best first; those who work there when nobody is."""
        ...


_bound: list[Directory] = []


def bind_directory(directory: Directory) -> None:
    """Called by the wiring."""
    _bound[:] = [directory]


def directory() -> Directory:
    if not _bound:
        raise RuntimeError("No directory is bound: see steadwell.config.wiring.")
    return _bound[0]
