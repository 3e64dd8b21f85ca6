"""Pictures of results, made on the server: where each thing stands, as numbers and paths for an SVG.

Pure: no words of their own, no colours (``labs/results.css`` has those), no clock. The templates are
``labs/pictures/_trend.html`` and ``labs/pictures/_range.html``; each picture needs a text alternative and,
where it shows several values, its table.
"""

from __future__ import annotations

from labs.pictures.range_bar import RangePicture, place_of, range_bar
from labs.pictures.scales import Box
from labs.pictures.trend import NARROW, WIDE, Place, Point, TrendPicture, trend

__all__ = [
    "NARROW",
    "WIDE",
    "Box",
    "Place",
    "Point",
    "RangePicture",
    "TrendPicture",
    "place_of",
    "range_bar",
    "trend",
]
