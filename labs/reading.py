"""One observation as its row: the sender's words, and what can safely be read out of them.

A number counts only with a unit that is understood where one is expected. What cannot be read is still shown
as it was sent, with the reason, and set aside for a person (ADR 0092).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from labs.identifying import clean, fit, observation_digest, within
from labs.types import Flag, IncomingObservation, ValueKind

_NUMBER = re.compile(r"(<=|>=|<|>)?\s*([+-]?\d{1,18}(?:\.\d{1,18})?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What reading needs to know around an observation."""

    sender: str
    synonyms: Mapping[str, str] = field(default_factory=dict)
    sex: str = "unknown"
    birth_date: date | None = None
    collected_at: datetime | None = None


def reason_to_set_aside(row: Mapping[str, Any]) -> str:
    """Why a person should look at it, or empty."""
    return str(row["problem"] or row["unit_reason"])


def read(key: str, observation: IncomingObservation, context: Context) -> dict[str, Any]:
    """The columns of its ResultVersion, as JSON holds them, but for the version's own."""
    row = _as_sent(key, observation)
    row["digest"] = observation_digest(row)
    row.update(_as_read(observation, context))
    return row


def _as_sent(key: str, said: IncomingObservation) -> dict[str, Any]:
    code, value_code = said.code, said.value_code
    return {
        "key": key,
        "parent_key": within(said.parent_key, 242),
        "sub_id": fit(said.sub_id, 60),
        "code": within(code.code, 200),
        "code_system": fit(code.system, 20),
        "loinc": code.loinc if len(code.loinc) <= 12 else "",
        "name": fit(code.text or code.alternate_text or code.code, 250),
        "value_type": fit(said.value_type, 10),
        "value_text": clean(said.value),
        "value_code": within(value_code.code, 200) if value_code else "",
        "value_code_system": fit(value_code.system, 20) if value_code else "",
        "unit_text": fit(said.unit, 100),
        "range_text": fit(said.range_text, 250),
        "flag_sent": fit("~".join(said.flags), 60),
        "status_told": said.status.value if said.status else "",
        "effective_at": said.effective_at,
        "effective_text": fit(said.effective_text, 60),
        "method": fit(said.method, 250),
        "performer": fit(said.performer, 250),
        "notes": [clean(note) for note in said.notes],
    }


def _as_read(said: IncomingObservation, context: Context) -> dict[str, Any]:
    match = _NUMBER.fullmatch(said.value.strip()) if said.value_type in {"NM", "SN"} else None
    flag = next((f for f in Flag if f.value in said.flags), None)
    return {
        "kind": ValueKind.NUMBER.value if match else ValueKind.TEXT.value,
        "comparator": (match[1] or "") if match else "",
        "number": match[2] if match else "",
        "low": "", "high": "", "unit": said.unit if match else "", "unit_reason": "",
        "problem": said.refusal, "absent_reason": "", "range_low": "", "range_high": "",
        "flag": flag.value if flag else "", "flag_computed": "", "flags_disagree": False,
    }  # fmt: skip
