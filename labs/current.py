"""A report as it follows from a set of versions: heading, results, and where the two disagree. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from labs import status
from labs.settling import Said, Settled, Told, Why, settle, told_from
from labs.types import CRITICAL_FLAGS, Flag, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What settling needs to know of a ReportVersion."""

    told: Told
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What settling needs to know of a ResultVersion."""

    key: str
    version: int
    status: Status | None
    digest: str
    flag: str
    loinc: str
    unread: bool  # it is shown as sent, and waits for a person
    effective_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    heading: Settled
    results: Mapping[str, Settled]
    words: Mapping[tuple[str, int], Word]

    def word(self, key: str) -> Word:
        """The word that counts."""
        return self.words[key, self.results[key].version]

    def flag(self, key: str) -> Flag | None:
        """The flag that counts; what was taken back has none."""
        text = self.word(key).flag
        return Flag(text) if text and self.results[key].status not in status.CLOSED else None

    @property
    def status(self) -> Status:
        """A final report with a corrected result is a corrected report, whatever its heading says."""
        if self.heading.status is Status.FINAL and any(r.corrected for r in self.results.values()):
            return Status.CORRECTED
        return self.heading.status

    @property
    def corrected(self) -> bool:
        return self.heading.corrected or any(r.corrected for r in self.results.values())

    @property
    def critical(self) -> bool:
        return any(self.flag(key) in CRITICAL_FLAGS for key in self.results)

    @property
    def abnormal(self) -> bool:
        return any(self.flag(key) not in {None, Flag.NORMAL, Flag.OTHER} for key in self.results)

    @property
    def unread(self) -> set[str]:
        """The observations whose word that counts could not be read."""
        return {
            key
            for key, settled in self.results.items()
            if self.word(key).unread and settled.status not in status.CLOSED
        }

    @property
    def disagrees(self) -> bool:
        """Heading and results contradict each other in status, or something told later was refused."""
        heading, results = self.heading, self.results.values()
        return (
            heading.doubtful
            or any(r.doubtful for r in results)
            or (heading.status in status.FINAL and any(r.status in status.OPEN for r in results))
            or (heading.status in status.CLOSED and any(r.status in status.FINAL for r in results))
            or any(_corrects_under_final(r) for r in results)
        )


def _corrects_under_final(result: Settled) -> bool:
    return (
        result.said.status in {Status.CORRECTED, Status.AMENDED} and result.said.told.status is Status.FINAL
    )


def state_of(headings: Sequence[Heading], words: Iterable[Word]) -> State:
    """What counts, of everything said so far (or of what was known at some moment)."""
    told = told_from(each.told for each in headings)
    heading = settle(
        [
            Said(told=told[h.told.number], status=h.told.status, digest=h.digest)
            for h in headings
            if h.told.replays is None
        ],
        heading=True,
    )
    # A reading put right repeats its version's status, and takes nothing back that it did not.
    sweepers = [t for t in told.values() if t.replays is None and (t.complete or t.status in status.CLOSED)]
    by_key: dict[str, list[Word]] = {}
    for word in words:
        by_key.setdefault(word.key, []).append(word)
    results = {key: settle(_said_of(several, told, sweepers)) for key, several in by_key.items()}
    return State(
        heading=heading,
        results=results,
        words={(key, word.version): word for key, several in by_key.items() for word in several},
    )


def _said_of(several: Sequence[Word], told: Mapping[int, Told], sweepers: Sequence[Told]) -> list[Said]:
    mentioned = {word.version for word in several}
    said = [
        Said(
            told=told[word.version], status=word.status or told[word.version].status, digest=word.digest,
            inherited=word.status is None,
        )
        for word in several
    ]  # fmt: skip
    said += [
        Said(
            told=each, status=each.status,
            sweep=Why.REPORT_WITHDRAWN if each.status in status.CLOSED else Why.LEFT_OUT,
        )
        for each in sweepers
        if each.number not in mentioned
    ]  # fmt: skip
    return said
