"""How the HL7 listener stands, as the database knows it: for ``status``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

_STANDING = """
SELECT (SELECT count(*) FROM fhir_facade_hl7message WHERE received_at > %(hour)s),
       (SELECT max(received_at) FROM fhir_facade_hl7message),
       (SELECT count(*) FROM fhir_facade_hl7quarantine WHERE state = 'open')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hl7Standing:
    """``last_seconds``: since the last message came; None when none ever did."""

    received_last_hour: int
    last_seconds: float | None
    set_aside: int


def hl7_standing(*, now: datetime) -> Hl7Standing:
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"hour": now - timedelta(hours=1)})
        count, last, aside = cursor.fetchone()
    seconds = round((now - last).total_seconds(), 1) if last else None
    return Hl7Standing(received_last_hour=count, last_seconds=seconds, set_aside=aside)
