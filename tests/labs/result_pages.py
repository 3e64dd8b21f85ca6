"""What the tests of the clinic's pages of results share."""

from __future__ import annotations

import html
import re

from review_house import again, potassium, sodium, timedelta

from labs.types import Status

LIST = "/clinic/labs/"


def text(response):
    assert response.status_code in {200, 412}, response.status_code
    words = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(words).split())


def report(filed, rest=""):
    return f"{LIST}report/{filed.report_id}/{rest}"


def corrected(house):
    said = house.say(potassium("5.9", flags=("H",)), sodium())
    first = house.file(said)
    house.file(
        again(
            said, potassium("4.9", status=Status.CORRECTED), sodium(), status=Status.CORRECTED,
            issued_at=said.issued_at + timedelta(hours=1),
        )
    )  # fmt: skip
    return first
