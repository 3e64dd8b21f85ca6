"""The geometry of a day on the wall: where a stretch of time stands, and what stands beside it.

Positions are class names (``at-12 for-6``: from row 12 over 6 rows of five minutes), because the pages
allow no
inline style. They count elapsed time from the board's first hour, so an hour that comes twice takes two
hours' room.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

UNIT = timedelta(minutes=5)
FREE_STEP = timedelta(minutes=30)
SHORTEST_FREE = timedelta(minutes=15)  # less is too small a target, and no visit fits in it
MOST_LANES = 3


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of real time, the end not included."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: Stretch) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True, slots=True)
class Frame:
    """From which instant to which a board reaches; whole hours of the site's wall clock."""

    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo

    def place(self, stretch: Stretch) -> str:
        """The class names of a stretch, cut to the frame."""
        start = max(stretch.starts_at, self.starts_at)
        end = min(stretch.ends_at, self.ends_at)
        first = (start - self.starts_at) // UNIT
        rows = max(1, -((start - end) // UNIT))
        return f"at-{first} for-{rows}"

    def holds(self, instant: datetime) -> bool:
        return self.starts_at <= instant < self.ends_at

    def hours(self) -> Iterable[datetime]:
        """Each full hour of the frame, as local time."""
        instant = self.starts_at
        while instant < self.ends_at:
            yield instant.astimezone(self.zone)
            instant += timedelta(hours=1)


def frame_of(stretches: Sequence[Stretch], *, midday: datetime, zone: ZoneInfo) -> Frame:
    """The hours that show every stretch; without any, the ordinary ones around midday."""
    starts = min((s.starts_at for s in stretches), default=midday - timedelta(hours=4))
    ends = max((s.ends_at for s in stretches), default=midday + timedelta(hours=5))
    first = starts.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    last = ends.astimezone(zone)
    whole = last.replace(minute=0, second=0, microsecond=0)
    if whole < last:
        whole = (whole.astimezone(ZoneInfo("UTC")) + timedelta(hours=1)).astimezone(zone)
    return Frame(first.astimezone(ZoneInfo("UTC")), whole.astimezone(ZoneInfo("UTC")), zone)


def frames_alike(days: Sequence[tuple[datetime, Sequence[Stretch]]], *, zone: ZoneInfo) -> list[Frame]:
    """One frame per day, all from the same hour of the wall to the same; ``days`` are (midday, stretches)."""
    own = [frame_of(stretches, midday=midday, zone=zone) for midday, stretches in days if stretches]
    own = own or [frame_of([], midday=days[0][0], zone=zone)]
    first = min(frame.starts_at.astimezone(zone).hour for frame in own)
    length = max(
        frame.ends_at - frame.starts_at + timedelta(hours=frame.starts_at.astimezone(zone).hour - first)
        for frame in own
    )
    starts = [midday.replace(hour=first).astimezone(ZoneInfo("UTC")) for midday, _ in days]
    return [Frame(start, start + length, zone) for start in starts]


def free_of(hours: Iterable[Stretch], taken: Iterable[Stretch], *, after: datetime) -> list[Stretch]:
    """What is left of the hours from ``after`` on, cut at every half hour so that each piece can be
    chosen.
    """
    busy = sorted(taken, key=lambda s: s.starts_at)
    after += (datetime.min.replace(tzinfo=after.tzinfo) - after) % UNIT
    pieces: list[Stretch] = []
    for open_time in hours:
        cursor = max(open_time.starts_at, after)
        for stretch in busy:
            if stretch.ends_at <= cursor or stretch.starts_at >= open_time.ends_at:
                continue
            pieces += _cut(cursor, min(stretch.starts_at, open_time.ends_at))
            cursor = max(cursor, stretch.ends_at)
        pieces += _cut(cursor, open_time.ends_at)
    return pieces


def _cut(start: datetime, end: datetime) -> list[Stretch]:
    """Pieces that end at the half hours; a sliver at either end belongs to the piece beside it."""
    pieces = []
    while end - start >= SHORTEST_FREE:
        stop = start + FREE_STEP - timedelta(minutes=start.minute % 30)
        if stop - start < SHORTEST_FREE:
            stop += FREE_STEP
        if end - stop < SHORTEST_FREE:
            stop = end
        pieces.append(Stretch(start, stop))
        start = stop
    return pieces


def lanes(stretches: Sequence[Stretch]) -> list[str]:
    """For each stretch, in the order given, which lane of how many it takes: overlapping ones stand side
    by side.
    """
    order = sorted(range(len(stretches)), key=lambda n: (stretches[n].starts_at, n))
    lane_of = [0] * len(stretches)
    names = [""] * len(stretches)
    cluster: list[int] = []
    reaches: datetime | None = None

    def close() -> None:
        width = min(MOST_LANES, max((lane_of[n] for n in cluster), default=0) + 1)
        for n in cluster:
            names[n] = "" if width == 1 else f"lane-{min(lane_of[n], width - 1)}-{width}"

    ends: list[datetime] = []
    for n in order:
        stretch = stretches[n]
        if reaches is not None and stretch.starts_at >= reaches:
            close()
            cluster, ends = [], []
        lane = next((i for i, end in enumerate(ends) if end <= stretch.starts_at), len(ends))
        ends[lane : lane + 1] = [stretch.ends_at]
        lane_of[n] = lane
        cluster.append(n)
        reaches = max(reaches or stretch.ends_at, stretch.ends_at)
    close()
    return names
