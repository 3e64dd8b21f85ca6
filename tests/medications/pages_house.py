"""People at their browsers: a patient with an account, a parent, two clinicians, and what sources said."""

from __future__ import annotations

import re
import sys
from datetime import date, timedelta
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any

import medicine_house as house
from django.http import HttpResponse
from django.test import Client
from signing_in import sign_in

from medications import service as medications
from medications.types import IncomingAllergy, Source, StatementKind
from steadwell.accounts import service as accounts
from steadwell.actor import Actor, Role, system
from steadwell.ids import PersonId, PractitionerId, SiteId, UserId, new_id

sys.path.insert(0, str(Path(__file__).parents[1] / "scheduling"))
import small_clinic

NOW = house.NOW
WARFARIN = "warfarin sodium 5 MG Oral Tablet"
_serial = count(1)


class PagesHouse:
    """``doctor`` cares for ``person_id`` at ``site``; ``stranger`` works elsewhere."""

    def __init__(self) -> None:
        self.site = small_clinic.site(name="Alder Street")
        self.other_site = small_clinic.site(name="Birch Lane")
        self.doctor_id = small_clinic.clinician(self.site, name="Wren Halloran")
        self.doctor = self.staff(Role.CLINICIAN, self.site, self.doctor_id)
        stranger_id = small_clinic.clinician(self.other_site, name="Ines Corte")
        self.stranger = self.staff(Role.CLINICIAN, self.other_site, stranger_id)
        self.person_id = house.person()
        self.other_id = house.person(family="Canary")
        self.patient = self.account(self.person_id)
        self.other = self.account(self.other_id)
        self.parent = self.proxy_of(self.person_id)
        self.pharmacy = house.pharmacy()
        self.say(
            "cetirizine", status_word="error"
        )  # a mistake of another record: the clinic knows the patient

    def staff(self, role: Role, site: SiteId, practitioner_id: PractitionerId | None = None) -> Actor:
        user_id = accounts.create_user(
            email=f"{new_id()}@example.org", password=None, roles=[role], site_ids=[site], now=NOW,
            practitioner_id=practitioner_id,
        )  # fmt: skip
        return accounts.actor_for_user(user_id=user_id, now=NOW)

    def account(self, person_id: PersonId) -> Actor:
        user_id = accounts.create_user(
            email=f"p{next(_serial)}@example.org", password=None, roles=[], person_id=person_id,
            now=NOW - timedelta(days=1),
        )  # fmt: skip
        return accounts.actor_for_user(user_id=user_id, now=NOW)

    def proxy_of(self, person_id: PersonId) -> Actor:
        user_id = accounts.create_user(
            email=f"x{next(_serial)}@example.org", password=None, roles=[], now=NOW - timedelta(days=1)
        )
        accounts.add_proxy(
            actor=system("import"), user_id=user_id, person_id=person_id, relationship="parent",
            now=NOW - timedelta(days=1),
        )  # fmt: skip
        return accounts.actor_for_user(user_id=user_id, now=NOW)

    def client(self, actor: Actor) -> Client:
        assert actor.user_id is not None
        return sign_in(Client(), UserId(actor.user_id))

    def prescribe(self, drug: str = house.LISINOPRIL, **more: Any) -> medications.StatementView:
        return house.prescribed(
            more.pop("person_id", self.person_id), drug, actor=self.doctor, site_id=self.site,
            reason_text="blood pressure", **more,
        )  # fmt: skip

    def say(self, drug: str = house.LISINOPRIL, **more: Any) -> medications.Filed:
        said = house.said(drug, **{"site_id": self.site} | more)
        return house.file(self.person_id, said)

    def conflict(self) -> medications.LineView:
        """One medicine of which three sources speak: they differ in the dose and in whether it is taken."""
        self.prescribe()
        self.say(dosage_text="Take 2 tablets by mouth daily", source=Source.EHR_A)
        self.say(source=Source.EHR_B, system="ehr-b", kind=StatementKind.STATEMENT, status_word="inactive")
        return house.listed(self.person_id, actor=self.doctor)[0]

    def conflict_of(self, drug: str) -> None:
        """A medicine that the patient says they take, and another record says they stopped."""
        for source, word in ((Source.EHR_A, "active"), (Source.EHR_B, "inactive")):
            self.say(house.IBUPROFEN if drug == "ibuprofen" else drug, source=source, system=source.value,
                     kind=StatementKind.STATEMENT, status_word=word)  # fmt: skip

    def line_all(self) -> tuple[medications.LineView, ...]:
        return house.listed(self.person_id, actor=self.doctor)

    def allergy(self, substance: str = "penicillin", **more: Any) -> None:
        medications.file_allergy(
            actor=house.FEED, person_id=self.person_id, now=NOW,
            said=IncomingAllergy(
                **{"source": Source.EHR_A, "system": "ehr-a", "external_id": f"A{next(_serial)}",
                   "substance_text": substance, "said_at": NOW, "reaction_text": "a rash"} | more
            ),
        )  # fmt: skip

    def line(self, name: str = "") -> medications.LineView:
        return next(each for each in house.listed(self.person_id, actor=self.doctor) if name in each.name)


def words(answer: HttpResponse) -> str:
    """The page's words without tags, spaces folded."""
    page = re.sub(r"(?s)<(script|template|svg).*?</\1>", " ", answer.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return words(answer)


def fields(answer: HttpResponse, holding: str = "request_key") -> dict[str, str]:
    """The hidden inputs of the page's first form that has this one, as a browser would send them."""
    for form in re.findall(r"(?s)<form[^>]*method=\"post\".*?</form>", answer.content.decode()):
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
        given = {name: unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}
        if holding in given or f'value="{holding}"' in form:
            return given
    raise AssertionError(f"No form with {holding} on this page.")


__all__ = ["NOW", "WARFARIN", "PagesHouse", "date", "fields", "house", "page", "words"]
