"""PID: whom a message is about, in the sender's words."""

from __future__ import annotations

from typing import Final

from fhir_facade.hl7v2.splitter import Segment
from fhir_facade.hl7v2.times import read_date
from labs.service import IncomingPatient
from steadwell.identity.service import Address, Demographics, Identifier, Sex

# HL7 table 0001 as the v2-to-FHIR guide maps it. What is not here is unknown: never a guess.
_SEX: Final = {
    "F": Sex.FEMALE, "M": Sex.MALE, "O": Sex.OTHER, "A": Sex.OTHER, "N": Sex.OTHER, "U": Sex.UNKNOWN,
}  # fmt: skip
_LANGUAGES: Final = {"es": "es", "spa": "es", "spanish": "es", "en": "en", "eng": "en", "english": "en"}
_OWN_NUMBER: Final = ("MR", "PI", "PT", "PN", "")  # which identifier is the sender's own, first choice first
_OF_A_STAY: Final = frozenset(
    {"AN", "VN", "ANT"}
)  # numbers of accounts and visits say nothing about who it is
_SSN: Final = "http://hl7.org/fhir/sid/us-ssn"


def read_patient(pid: Segment, *, sender: str) -> IncomingPatient:
    identifiers = _identifiers(pid, sender)
    return IncomingPatient(
        external_id=_external_id(identifiers, sender),
        identifiers=tuple(identifiers),
        demographics=_demographics(pid),
    )


def _said(segment: Segment, repeat: str, component: int = 1, part: int = 1) -> str:
    """A component as text; HL7's ``""`` (delete) says nothing about who somebody is."""
    text = segment.pick(repeat, component, part).strip()
    return "" if text == '""' else text


def _identifiers(pid: Segment, sender: str) -> list[Identifier]:
    """PID-3, in messages before 2.3 PID-2, and the social security number of PID-19."""
    found = []
    for repeat in pid.repeats(3) or pid.repeats(2):
        value = _said(pid, repeat)
        kind = _said(pid, repeat, 5) or "MR"
        if value and kind not in _OF_A_STAY:
            system = _SSN if kind == "SS" else _authority(pid, repeat) or sender
            found.append(Identifier(system=system[:200], type=kind[:20], value=value[:200]))
    number = pid.text(19).strip()
    if number and number != '""' and not any(each.type == "SS" for each in found):
        found.append(Identifier(system=_SSN, type="SS", value=number[:200]))
    return found


def _authority(pid: Segment, repeat: str) -> str:
    """Who gave a number: its name; else its universal id."""
    name, universal, scheme = (_said(pid, repeat, 4, part) for part in (1, 2, 3))
    if name:
        return name
    return f"urn:oid:{universal}" if universal and scheme == "ISO" else universal


def _external_id(identifiers: list[Identifier], sender: str) -> str:
    """The sender's own number, with who gave it: two authorities may give the same number to two people."""
    for kind in _OWN_NUMBER:
        for each in identifiers:
            if each.type == kind or not kind:
                name = each.value if each.system == sender else f"{each.system}|{each.value}"
                return name[:200]
    return ""


def _demographics(pid: Segment) -> Demographics:
    names = pid.repeats(5)
    legal = next((each for each in names if _said(pid, each, 7) in {"L", "D"}), names[0] if names else "")
    former = [_said(pid, each) for each in names if _said(pid, each, 7) in {"M", "N"} and each != legal]
    phone, email = _contacts(pid)
    language = pid.text(15).strip().lower().split("-")[0]
    return Demographics(
        family_name=_said(pid, legal),
        given_name=_said(pid, legal, 2),
        middle_name=_said(pid, legal, 3),
        suffix=_said(pid, legal, 4)[:20],
        former_names=tuple(name for name in former if name),
        birth_date=read_date(pid.text(7)),
        sex=_SEX.get(pid.text(8).strip().upper(), Sex.UNKNOWN),
        phone=phone,
        email=email,
        language=_LANGUAGES.get(language) or _LANGUAGES.get(pid.text(15, 2).strip().lower(), "en"),
        address=_address(pid),
    )


def _contacts(pid: Segment) -> tuple[str | None, str | None]:
    phone = email = None
    for repeat in [*pid.repeats(13), *pid.repeats(14)]:
        address = _said(pid, repeat, 4)
        if "@" in address and email is None:
            email = address if len(address) <= 254 else None
            continue
        digits = (
            _said(pid, repeat, 12)
            or _said(pid, repeat)
            or "".join(_said(pid, repeat, part) for part in (6, 7))
        )
        if digits and phone is None and "@" not in digits:
            phone = digits if len(digits) <= 40 else None
    return phone, email


def _address(pid: Segment) -> Address | None:
    repeats = pid.repeats(11)
    if not repeats:
        return None
    first = repeats[0]
    address = Address(
        lines=tuple(line for line in (_said(pid, first), _said(pid, first, 2)) if line),
        city=_said(pid, first, 3),
        state=_said(pid, first, 4),
        postal_code=_said(pid, first, 5),
        country=_said(pid, first, 6),
    )
    return None if address == Address() else address
