"""Six hundred patients: families, ages as in a town, one in eight speaking Spanish. Four of them sign in."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid5

from scheduling.demo import names
from steadwell.identity import service as identity
from steadwell.ids import PersonId

NAMESPACE = UUID("6f0f3c5e-5d0a-4d5e-9a59-5b1f3f6e2a10")
COUNT = 600
SOURCE = "steadwell-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What the visits need to know of somebody."""

    person_id: PersonId
    number: int
    age: int
    sex: str
    home: int  # which site is near


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A patient of the story: fixed, because they sign in."""

    given: str
    family: str
    age: int
    sex: str
    language: str
    home: int
    note: str


KNOWN = (
    Known(
        given="Maria",
        family="Alvarez",
        age=47,
        sex="female",
        language="es",
        home=0,
        note="Has a visit tomorrow and reads Spanish",
    ),
    Known(
        given="Daniel",
        family="Kim",
        age=34,
        sex="male",
        language="en",
        home=0,
        note="Has a video visit and a request that waits for the clinic",
    ),
    Known(
        given="Grace",
        family="Thompson",
        age=38,
        sex="female",
        language="en",
        home=1,
        note="Books for herself and for her son Noah",
    ),
    Known(
        given="Robert",
        family="Nguyen",
        age=61,
        sex="male",
        language="en",
        home=2,
        note="Is new here and has not booked anything yet",
    ),
    Known(given="Noah", family="Thompson", age=7, sex="male", language="en", home=1, note=""),
)


def person_id(number: int) -> PersonId:
    return PersonId(uuid5(NAMESPACE, f"person:{number}"))


def own_number(number: int) -> str:
    return f"demo-{number:04d}"


def make(today: date) -> tuple[list[Patient], list[identity.NewPerson]]:
    """The patients, as scheduling and as identity need them; the same ones every time."""
    chance = random.Random("steadwell people")  # noqa: S311 - a made-up town, not a secret
    patients, people = [], []
    family = ""
    for number in range(COUNT):
        known = KNOWN[number] if number < len(KNOWN) else None
        if number % 3 == 0 or not family:
            family = chance.choice(names.FAMILY)
        sex = known.sex if known else chance.choice(("female", "male"))
        age = known.age if known else _age(chance)
        home = known.home if known else chance.choice((0, 0, 1, 1, 2))
        given = known.given if known else chance.choice(names.FEMALE if sex == "female" else names.MALE)
        surname = known.family if known else family
        spanish = surname in names.SPANISH_FAMILY and chance.random() < 0.55
        born = today - timedelta(days=age * 365 + age // 4 + chance.randrange(1, 360))
        patients.append(Patient(person_id=person_id(number), number=number, age=age, sex=sex, home=home))
        people.append(
            identity.NewPerson(
                person_id=person_id(number),
                external_id=own_number(number),
                # By which the demo's laboratory names them as well.
                identifiers=(identity.Identifier(system=SOURCE, type="MR", value=own_number(number)),),
                demographics=identity.Demographics(
                    family_name=surname,
                    given_name=given,
                    birth_date=born,
                    sex=sex,
                    phone=f"+1 {('207', '401', '414')[home]} 555 01{number % 100:02d}",
                    email=f"{given}.{surname}.{number}@example.org".lower(),
                    language=known.language if known else ("es" if spanish else "en"),
                    address=identity.Address(
                        lines=(f"{chance.randrange(1, 400)} {chance.choice(names.STREETS)} Street",),
                        city=("Portland", "Providence", "Milwaukee")[home],
                        state=("ME", "RI", "WI")[home],
                        postal_code=("04101", "02903", "53202")[home],
                        country="US",
                    ),
                ),
            )
        )
    return patients, people


def _age(chance: random.Random) -> int:
    low, high = chance.choices(
        ((0, 5), (6, 17), (18, 34), (35, 54), (55, 69), (70, 92)), (8, 14, 20, 26, 19, 13)
    )[0]
    return chance.randint(low, high)
