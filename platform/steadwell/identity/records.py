"""What a system said: versions, identifiers and the search rows made from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from steadwell.actor import Actor
from steadwell.errors import Invalid
from steadwell.identity import spelling
from steadwell.identity.models import NameWord, Person, RecordIdentifier, SearchKey, SourceRecordVersion
from steadwell.identity.types import Address, Demographics, Identifier, Sex

OWN_SOURCE = "steadwell"  # what our own staff and patients say


def checked(demographics: Demographics, identifiers: Sequence[Identifier]) -> None:
    """Refuse what no table can hold, field by field."""
    fields: dict[str, str] = {}
    for name, limit in (("family_name", 120), ("given_name", 120), ("middle_name", 120), ("suffix", 20)):
        if len(getattr(demographics, name)) > limit:
            fields[name] = f"At most {limit} characters."
    if not demographics.family_name.strip() and not demographics.given_name.strip():
        fields["family_name"] = "Enter a name."
    if demographics.sex not in set(Sex):
        fields["sex"] = "Not one of female, male, other, unknown."
    if len(demographics.phone or "") > 40:
        fields["phone"] = "At most 40 characters."
    if len(demographics.email or "") > 254:
        fields["email"] = "At most 254 characters."
    if any(not i.system or not i.value.strip() or len(i.value) > 200 for i in identifiers):
        fields["identifiers"] = "An identifier needs a system and a value of at most 200 characters."
    if fields:
        raise Invalid(fields=fields)


def columns(said: Demographics) -> dict[str, Any]:
    """A version's own columns."""
    address = said.address
    return {
        "family_name": said.family_name.strip(),
        "given_name": said.given_name.strip(),
        "middle_name": said.middle_name.strip(),
        "suffix": said.suffix.strip(),
        "former_names": list(said.former_names),
        "birth_date": said.birth_date,
        "sex": str(said.sex),
        "phone": (said.phone or "").strip(),
        "email": (said.email or "").strip(),
        "language": said.language,
        "address": None
        if address is None
        else {
            "lines": list(address.lines),
            "city": address.city,
            "state": address.state,
            "postal_code": address.postal_code,
            "country": address.country,
        },
    }


def demographics_of(row: SourceRecordVersion) -> Demographics:
    address = row.address
    return Demographics(
        family_name=row.family_name,
        given_name=row.given_name,
        middle_name=row.middle_name,
        suffix=row.suffix,
        former_names=tuple(row.former_names),
        birth_date=row.birth_date,
        sex=row.sex,
        phone=row.phone or None,
        email=row.email or None,
        language=row.language,
        address=None if address is None else Address(**{**address, "lines": tuple(address["lines"])}),
    )


def identifiers_of(row: SourceRecordVersion) -> tuple[Identifier, ...]:
    return tuple(Identifier(**i) for i in row.identifiers)


def says_the_same(
    newest: SourceRecordVersion, demographics: Demographics, identifiers: Sequence[Identifier]
) -> bool:
    said = (columns(demographics), set(identifiers))
    return said == (columns(demographics_of(newest)), set(identifiers_of(newest)))


def add_version(
    *,
    actor: Actor,
    record_id: UUID,
    source: str,
    supersedes: int | None,
    demographics: Demographics,
    identifiers: Sequence[Identifier],
    reason: str,
    now: datetime,
) -> SourceRecordVersion:
    """Append what was said. A version that exists already is the table's refusal (two writers saw the same
    one).
    """
    return SourceRecordVersion.objects.create(
        entity_id=record_id,
        version=(supersedes or 0) + 1,
        supersedes=supersedes,
        valid_from=now,
        recorded_at=now,
        recorded_by=actor.user_id,
        recorded_role=",".join(sorted(actor.roles)),
        reason=reason,
        source=source,
        identifiers=[{"system": i.system, "type": i.type, "value": i.value} for i in identifiers],
        **columns(demographics),
    )


def replace_identifiers(record_id: UUID, identifiers: Sequence[Identifier], *, is_new: bool) -> None:
    if not is_new:
        RecordIdentifier.objects.filter(record_id=record_id).delete()
    rows = {}
    for i in identifiers:
        plain = spelling.identifier_value(i.value)
        rows[i.system, i.type, plain] = RecordIdentifier(
            record_id=record_id, system=i.system, type=i.type, value=i.value, plain=plain,
            counts=not spelling.is_placeholder(i.value),
        )  # fmt: skip
    if rows:
        RecordIdentifier.objects.bulk_create(rows.values())


def reversed_phone(phone: str | None) -> str:
    return spelling.phone_digits(phone)[:20][::-1]


def replace_search_rows(record_id: UUID, person_id: UUID, said: Demographics, *, is_new: bool) -> None:
    """One statement each: old rows out, new rows in, and words the dictionary does not know."""
    if not is_new:
        SearchKey.objects.filter(record_id=record_id).delete()
    phone = reversed_phone(said.phone)
    pairs = list(
        spelling.search_rows(said.family_name, f"{said.given_name} {said.middle_name}", said.former_names)
    ) or [("", "")]
    SearchKey.objects.bulk_create(
        SearchKey(
            record_id=record_id,
            person_id=person_id,
            family=f,
            given=g,
            birth_date=said.birth_date,
            phone=phone,
        )
        for f, g in pairs
    )
    learn_words({word for pair in pairs for name in pair for word in name.split()})


def learn_words(found: set[str]) -> None:
    """Add unknown words to the dictionary, in ascending order so that two writers cannot wait for each
    other.
    """
    # Most words are known: looking costs less than an INSERT that finds each of them taken.
    new = sorted(found - set(NameWord.objects.filter(word__in=found).values_list("word", flat=True)))
    new = [word for word in new if len(word) <= 60]
    if new:
        variants = [",".join(spelling.shorter_by_one(word)) for word in new]
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO identity_nameword (word, sound, variants)"
                " SELECT w, CASE WHEN w ~ '^[a-z]+$' THEN metaphone(w, 12) ELSE '' END, string_to_array(v,"
                " ',')"
                " FROM unnest(%s::text[], %s::text[]) AS n(w, v) ON CONFLICT DO NOTHING",
                [new, variants],
            )


def show(person: Person, record_id: UUID, said: Demographics) -> None:
    """Copy a record's words to the person's own row (not yet saved)."""
    person.shown_record_id = record_id
    person.family_name, person.given_name = said.family_name.strip(), said.given_name.strip()
    person.birth_date, person.sex, person.language = said.birth_date, str(said.sex), said.language
    person.phone, person.email = (said.phone or "").strip(), (said.email or "").strip()


SHOWN_COLUMNS = ("family_name", "given_name", "birth_date", "sex", "phone", "email", "language")
SHOWN = ["shown_record_id", *SHOWN_COLUMNS]
