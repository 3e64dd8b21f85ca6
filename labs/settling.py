"""Which of all that was said counts: a pure function of the set, so that no order of arrival matters.

What was said is put in the laboratory's own order (when it was told, then rank, then when it was sent, then
its content) and walked through with the table of moves (status.py). Nothing here knows when a message came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from labs import status
from labs.types import Status

NEVER = datetime.min.replace(tzinfo=UTC)


class Why(StrEnum):
    """Why a version is not, or no longer, or now the one that counts."""

    FIRST = ""
    UPDATED = "updated"
    CORRECTED = "corrected"
    STATUS_NOT_SAID = "status-not-said"  # replaced a final value without saying so
    WITHDRAWN = "withdrawn"  # cancelled or entered in error, by itself
    REPORT_WITHDRAWN = "report-withdrawn"
    LEFT_OUT = "left-out"  # a complete later version no longer has it
    MOVE_REFUSED = "move-refused"  # told later, and not allowed after what stands
    REPEATED = "repeated"  # an old message sent again: what replaced it stays
    CONFIRMED = "confirmed"  # said the same again, perhaps with another status
    REREAD = "reread"  # the same words, read right


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A version's place in the laboratory's order. ``number`` is ours, by arrival, and takes no part in it,
    except among readings put right here (``replays``), which follow the version whose words they read.
    """

    number: int
    issued_at: datetime | None
    sent_at: datetime | None
    status: Status | None
    digest: str
    complete: bool = False
    replays: int | None = None

    def place(self, status_said: Status | None) -> tuple[datetime, int, datetime, str, int]:
        return (
            self.issued_at or self.sent_at or NEVER,
            status.RANK[status_said],
            self.sent_at or NEVER,
            self.digest,
            self.number if self.replays else 0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One version's word on one observation (or on the report's heading). ``sweep``: the version does not
    mention it, and takes it back all the same.
    """

    told: Told
    status: Status | None
    digest: str = ""
    inherited: bool = False  # its own status was left blank: the report's counts
    sweep: Why | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What counts. ``standing`` says of every other version why it does not."""

    version: int
    status: Status
    digest: str
    why: Why = Why.FIRST
    corrected: bool = False  # differs from a value that was final, or says it corrects one
    previous: int | None = None  # the version whose value it replaced
    was_final: bool = False
    doubtful: bool = False  # something told later was refused
    said: Said
    standing: Mapping[int, Why] = field(default_factory=dict)


def told_from(versions: Iterable[Told]) -> dict[int, Told]:
    """By number; a reading put right takes the digest of the version it reads, to stand right after it."""
    found = {each.number: each for each in versions}
    for number, each in found.items():
        root = each
        while root.replays is not None:
            root = found[root.replays]
        if root is not each:
            found[number] = replace(each, digest=root.digest)
    return found


def settle(words: Sequence[Said], *, heading: bool = False) -> Settled:
    """Walk through what was said, in its own order. With ``heading`` a later wording is no correction.

    At least one of the words must be said, not a sweep.
    """
    if len(words) == 1 and words[0].sweep is None:
        return _first(words[0])
    ordered = sorted(words, key=lambda said: said.told.place(said.status))
    state: Settled | None = None
    replaced: set[str] = set()
    standing: dict[int, Why] = {}
    for said in ordered:
        if state is None:
            state = _first(said) if said.sweep is None else None
            continue
        if said.sweep is not None:
            replaced.add(state.digest)
            state = replace(
                state, status=_swept(said), why=said.sweep, said=said,
                corrected=state.corrected or state.was_final,
            )  # fmt: skip
            continue
        refused = _refusal(state, said, replaced)
        if refused is not None:
            standing[said.told.number] = refused
            differs = said.digest != state.digest and refused is Why.MOVE_REFUSED
            state = replace(state, doubtful=state.doubtful or differs)
            continue
        after = _next(state, said, heading=heading)
        if after.version == state.version:
            standing[said.told.number] = Why.CONFIRMED
        else:
            standing[state.version] = after.why
        if after.digest != state.digest:
            replaced.add(state.digest)
        state = after
    if state is None:
        raise ValueError("Nothing was said.")
    return replace(state, standing=standing)


def _first(said: Said) -> Settled:
    stands = said.status or Status.PRELIMINARY
    return Settled(
        version=said.told.number, status=stands, digest=said.digest, said=said,
        why=Why.FIRST if stands not in status.CLOSED else Why.WITHDRAWN,
        corrected=stands in {Status.CORRECTED, Status.AMENDED}, was_final=stands in status.FINAL,
    )  # fmt: skip


def _swept(said: Said) -> Status:
    return said.status if said.status in status.CLOSED and said.status else Status.ENTERED_IN_ERROR


def _refusal(state: Settled, said: Said, replaced: set[str]) -> Why | None:
    """Why what was said later changes nothing, or None."""
    after = said.status
    if said.told.replays is not None:
        # A reading of words that do not count does not count either.
        return None if state.said.told.number == said.told.replays else Why.REPEATED
    if after is not None and not status.allowed(state.status, after):
        return Why.MOVE_REFUSED
    # An old message sent again carries a new sending time, and only that: it does not undo what replaced it.
    # A laboratory that means to go back says corrected, or says when (OBR-22, DiagnosticReport.issued).
    closed = state.status in status.CLOSED
    again = said.digest in replaced and (said.digest != state.digest or closed)
    said_when = said.told.issued_at is not None and said.told.issued_at != state.said.told.issued_at
    if again and not said_when and after in {None, *status.OPEN, Status.FINAL}:
        return Why.REPEATED
    return None


def _next(state: Settled, said: Said, *, heading: bool) -> Settled:
    same = said.digest == state.digest
    if said.told.replays is not None:
        return _reread(state, said)
    stands = _status_after(state, said, same=same or heading)
    if same and not heading and stands not in status.CLOSED and state.status not in status.CLOSED:
        # The value has stood since the earlier version said it; only its status moves.
        return replace(state, status=stands, was_final=state.was_final or stands in status.FINAL, said=said)
    changed = state.was_final and (not same or stands in status.CLOSED) and not heading
    return Settled(
        version=said.told.number,
        status=stands,
        digest=said.digest,
        why=_why(said, stands, changed=changed),
        corrected=state.corrected or changed or stands in {Status.CORRECTED, Status.AMENDED},
        previous=state.previous if same else state.version,
        was_final=state.was_final or stands in status.FINAL,
        doubtful=False,
        said=said,
    )


def _reread(state: Settled, said: Said) -> Settled:
    """The laboratory said nothing new: its status stays, what was shown of it changes."""
    return replace(
        state, version=said.told.number, digest=said.digest, why=Why.REREAD, previous=state.version,
        said=said, corrected=state.corrected or state.was_final,
    )  # fmt: skip


def _status_after(state: Settled, said: Said, *, same: bool) -> Status:
    before, after = state.status, said.status
    if after is None:
        if before in status.FINAL:
            return before if same else Status.CORRECTED
        return Status.PRELIMINARY
    if said.inherited and same and before in status.FINAL and after in status.FINAL:
        return before
    if after is Status.FINAL and state.was_final:
        if same and before in status.FINAL:
            return before
        return Status.FINAL if same else Status.CORRECTED
    return after


def _why(said: Said, stands: Status, *, changed: bool) -> Why:
    if stands in status.CLOSED:
        return Why.WITHDRAWN
    if changed:
        return Why.CORRECTED if said.status is not None else Why.STATUS_NOT_SAID
    return Why.UPDATED
