"""FHIR Patients as labs and identity take them."""

from __future__ import annotations

from datetime import date
from typing import Any

from fhir_facade.fhir_json import Resource, kind_of, mapping, mappings, strings, text_of
from labs.service import IncomingPatient
from steadwell.identity.service import Address, Demographics, Identifier, Sex


def patient(found: Resource | None, reference: Resource, sender: str) -> IncomingPatient | None:
    """The Patient that came with it; else the identifier in the reference; else nobody."""
    said = mapping(found)
    numbers = [
        *mappings(said.get("identifier")),
        *([mapping(reference.get("identifier"))] if not found else []),
    ]
    identifiers = tuple(
        Identifier(
            system=text_of(each.get("system"))[:200] or sender,
            type=kind_of(each)[:20] or "MR",
            value=value[:200],
        )
        for each in numbers
        if (value := text_of(each.get("value")).strip())
    )
    if found is None and not identifiers:
        return None
    own = next((each for each in identifiers if each.type == "MR"), identifiers[0] if identifiers else None)
    external = (
        f"{own.system}|{own.value}"
        if own and own.system != sender
        else own.value
        if own
        else text_of(said.get("id"))
    )
    return IncomingPatient(
        external_id=external[:200], identifiers=identifiers, demographics=_demographics(said)
    )


def _demographics(said: Resource) -> Demographics:
    names = mappings(said.get("name"))
    official = next((each for each in names if each.get("use") in {"official", "usual", None}), {})
    given = strings(official.get("given"))
    gender = text_of(said.get("gender"))
    contacts = {
        text_of(each.get("system")): text_of(each.get("value"))
        for each in reversed(mappings(said.get("telecom")))
    }
    addresses = mappings(said.get("address"))
    return Demographics(
        family_name=text_of(official.get("family")),
        given_name=given[0] if given else "",
        middle_name=" ".join(given[1:]),
        suffix=" ".join(strings(official.get("suffix")))[:20],
        former_names=tuple(
            text
            for each in names
            if each.get("use") in {"maiden", "old"}
            if (text := text_of(each.get("family")))
        ),
        birth_date=_birth_date(said.get("birthDate")),
        sex=gender if gender in set(Sex) else Sex.UNKNOWN,
        phone=contacts.get("phone") or None,
        email=contacts.get("email") or None,
        address=_address(addresses[0]) if addresses else None,
    )


def _address(said: Resource) -> Address:
    return Address(
        lines=tuple(strings(said.get("line"))), city=text_of(said.get("city")),
        state=text_of(said.get("state")),
        postal_code=text_of(said.get("postalCode")), country=text_of(said.get("country")),
    )  # fmt: skip


def _birth_date(value: Any) -> date | None:
    try:
        return date.fromisoformat(text_of(value))
    except ValueError:
        return None
