"""600,000 patients with names, birth dates and telephones that spread as a town's do. Deterministic."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from steadwell.ids import PersonId
from tests.bench import ids
from tests.bench.tables import Connection, unhindered

if TYPE_CHECKING:
    from steadwell.identity.service import NewPerson

PATIENTS = 600_000
_ONSETS = "b br c ch cl d dr f fr g gr h j k kl l m n p pr r s sch sh st t th tr v w z".split()  # noqa: SIM905
_VOWELS = "a e i o u ai ea ie oo ou".split()  # noqa: SIM905
_CODAS = "ck l ll m n nd ng r rd rs rt s sch ss t tt x".split()  # noqa: SIM905
_ENDS = ["", "", "er", "son", "man", "ley", "ton", "ez", "ski", "berg", "well", "ford"]


def person_id(number: int) -> PersonId:
    """The id of patient ``number``; ``clinic.py`` writes the same in SQL."""
    return PersonId(ids.numbered(ids.PERSON, number))


def names(*, seed: str, count: int, ends: Sequence[str]) -> list[str]:
    """Distinct made-up names."""
    dice, made = random.Random(seed), dict[str, None]()
    while len(made) < count:
        word = "".join(dice.choice(_ONSETS) + dice.choice(_VOWELS) for _ in range(dice.choice((1, 1, 2))))
        made[(word + dice.choice(_CODAS) + dice.choice(ends)).capitalize()] = None
    return list(made)


FAMILY = names(seed="family", count=20_000, ends=_ENDS)
GIVEN = names(seed="given", count=1_600, ends=["", "", "a", "e", "ia", "o", "y"])


def generate(count: int) -> Iterator[NewPerson]:
    """The first patients: between them they have every name once."""
    from steadwell.identity.service import Demographics, Identifier, NewPerson, Sex

    dice = random.Random("patients")
    for number in range(count):
        yield NewPerson(
            person_id=person_id(number),
            external_id=str(number),
            demographics=Demographics(
                family_name=FAMILY[number % len(FAMILY)],
                given_name=GIVEN[number % len(GIVEN)],
                birth_date=date(1930, 1, 1) + timedelta(days=dice.randrange(34_000)),
                sex=Sex.FEMALE if dice.random() < 0.51 else Sex.MALE,
                phone=f"+1212{number:07d}",
            ),
            identifiers=(Identifier(system="urn:clinic:former", type="MR", value=f"F{number:07d}"),),
        )


# The others are drawn from the first ones' names, a few of which are common and most rare, as names are: by
# the power of an evenly spread number, which `hashint4` makes of the patient's.
_DRAWN = f"""
CREATE TEMPORARY TABLE drawn AS
SELECT n AS number,
    {ids.numbered_sql(ids.PERSON, "n")} AS person_id, {ids.numbered_sql(ids.RECORD, "n")} AS record_id,
    f.family_name, g.given_name, f.family, g.given,
    date '1930-01-01' + (hashint4(n + 3) & 32767) AS birth_date,
    CASE WHEN hashint4(n) & 1 = 0 THEN 'female' ELSE 'male' END AS sex,
    '+1212' || lpad(n::text, 7, '0') AS phone, reverse('212' || lpad(n::text, 7, '0')) AS reversed
FROM generate_series(%(first)s, %(count)s - 1) n
JOIN named f ON f.number = floor(%(families)s * power((hashint4(n + 1) & 1048575) / 1048576.0, 3))::int
JOIN named g ON g.number = floor(%(givens)s * power((hashint4(n + 2) & 1048575) / 1048576.0, 2.5))::int
"""
_NAMED = """
CREATE TEMPORARY TABLE named AS
SELECT (row_number() OVER (ORDER BY p.id) - 1)::int AS number, p.family_name, p.given_name, k.family, k.given
FROM identity_person p JOIN identity_searchkey k ON k.person_id = p.id
"""
_FILL = (
    "INSERT INTO identity_sourcerecord (id, source, external_id, created_at)"
    " SELECT record_id, 'former-system', number::text, now() FROM drawn",
    "INSERT INTO identity_person (id, number, current_id, shown_record_id, created_at, family_name,"
    " given_name, birth_date, sex, phone, email, language)"
    " SELECT person_id, 'B' || number, person_id, record_id, now(), family_name, given_name, birth_date,"
    " sex, phone, '', '' FROM drawn",
    "INSERT INTO identity_link (record_id, person_id, method, evidence, weight, opened_at, reason)"
    " SELECT record_id, person_id, 'automatic', '{}', 0, now(), '' FROM drawn",
    "INSERT INTO identity_sourcerecordversion (entity_id, version, valid_from, recorded_at, recorded_role,"
    " reason, source, identifiers, family_name, given_name, middle_name, suffix, former_names, birth_date,"
    " sex, phone, email, language) SELECT record_id, 1, now(), now(), 'system', '', 'former-system', '[]',"
    " family_name, given_name, '', '', '[]', birth_date, sex, phone, '', '' FROM drawn",
    "INSERT INTO identity_recordidentifier (record_id, system, type, value, plain, counts)"
    " SELECT record_id, 'urn:clinic:former', 'MR', 'F' || number, 'f' || number, true FROM drawn",
    "INSERT INTO identity_searchkey (record_id, person_id, family, given, birth_date, phone)"
    " SELECT record_id, person_id, family, given, birth_date, reversed FROM drawn",
)
_TABLES = (
    "identity_sourcerecord", "identity_person", "identity_link", "identity_sourcerecordversion",
    "identity_recordidentifier", "identity_searchkey",
)  # fmt: skip


def load(connection: Connection, *, count: int) -> None:
    """The first patients through identity's own first load, the others as rows of the same kind."""
    from steadwell import clock
    from steadwell.actor import system
    from steadwell.identity import service as identity

    first = min(count, len(FAMILY))
    identity.load_people(
        actor=system("bench"), source="former-system", people=generate(first), now=clock.now()
    )
    values = {"first": first, "count": count, "families": len(FAMILY), "givens": len(GIVEN)}
    connection.execute(_NAMED)
    connection.execute("ANALYZE named")
    connection.execute(_DRAWN, values)
    with unhindered(connection, _TABLES):
        for statement in _FILL:
            connection.execute(statement)
