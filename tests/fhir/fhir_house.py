"""A clinic with two patients whose words are unmistakable, and clients that may call its FHIR API.

Everything that the API answers to a test is held against google-fhir-r4 before the test sees it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import urlencode

import small_clinic as clinic
import validating
from django.db import connection
from django.test import Client

from fhir_facade.server import wire
from fhir_facade.smart import tokens
from labs import deciding
from labs import models as lab_models
from labs import service as labs
from scheduling import service as scheduling
from steadwell import clock
from steadwell.actor import system
from steadwell.identity import service as identity
from steadwell.ids import PersonId, new_id

OPERATOR = system("operator")
LOINC = "http://loinc.org"
LAB = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]
}
_serial = count(1)


class Answer:
    """What came back. ``json`` keeps digits."""

    def __init__(self, response: Any, text: str) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.text = text
        self.json: dict[str, Any] = wire.load(text) if text else {}

    @property
    def entries(self) -> list[dict[str, Any]]:
        return self.json.get("entry", [])

    @property
    def matches(self) -> list[dict[str, Any]]:
        return [e["resource"] for e in self.entries if e.get("search", {}).get("mode", "match") == "match"]

    @property
    def ids(self) -> list[str]:
        return [each["id"] for each in self.matches]

    @property
    def included(self) -> list[dict[str, Any]]:
        return [e["resource"] for e in self.entries if e["search"]["mode"] == "include"]

    @property
    def version(self) -> str:
        return self.headers["ETag"].removeprefix('W/"').removesuffix('"')

    @property
    def issue(self) -> dict[str, Any]:
        issues: list[dict[str, Any]] = self.json["issue"]
        return issues[0]

    def link(self, relation: str) -> str | None:
        return next((x["url"] for x in self.json.get("link", []) if x["relation"] == relation), None)


class Api:
    """A client with its token."""

    def __init__(self, token: str = "", *, judged: bool = True) -> None:
        self.token = token
        self.judged = judged  # a crawl of thousands of addresses looks at bytes, not at forms
        self._client = Client()

    def send(
        self, method: str, path: str, body: Any = None, *, kind: str = "application/fhir+json", **headers: str
    ) -> Answer:
        said = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if self.token:
            said["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        raw = body if isinstance(body, bytes) else b"" if body is None else wire.dump(body)
        where = path if path.startswith("/") else f"/fhir/{path}"
        response = self._client.generic(method, where, raw, content_type=kind, **said)
        text = response.content.decode()
        if self.judged and "fhir+json" in response.headers.get("Content-Type", "") and text:
            assert validating.verdict(text) == "", text[:3000]
        assert response.status_code < 500, text
        return Answer(response, text)

    def get(self, path: str, params: Any = None, **headers: str) -> Answer:
        return self.send("GET", path + (f"?{urlencode(params, doseq=True)}" if params else ""), **headers)

    def follow(self, url: str) -> Answer:
        return self.get(url.removeprefix("http://testserver"))

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Answer:
        return self.send("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.send("DELETE", path, **headers)

    def pages(self, path: str, params: Any = None) -> Iterator[Answer]:
        page: Answer | None = self.get(path, params)
        while page is not None:
            yield page
            following = page.link("next")
            page = self.follow(following) if following else None


class House:
    """``ada`` and ``bo`` are the patients."""

    def __init__(self) -> None:
        self.now = clock.now()
        self.keys: dict[str, str] = {}  # ids of what a test needs, by name
        self.ada = self.person("Canaryada", "Adafirst", "AD-1")
        self.bo = self.person("Canarybo", "Bofirst", "BO-1")
        tokens.register_client(
            actor=OPERATOR, client_id="ehr", name="City EHR", per_minute=100_000, now=self.now
        )
        self.ehr = self.api("system/*.cruds")

    def person(self, family: str, given: str, number: str, **more: Any) -> PersonId:
        said = identity.Demographics(
            family_name=family,
            given_name=given,
            birth_date=date(1980, 3, 12),
            sex="female",
            phone="555-0100",
            email=f"{given.lower()}@example.org",
            address=identity.Address(
                lines=("1 Main St",), city="Springfield", state="IL", postal_code="62701"
            ),
            **more,
        )
        return identity.register(
            actor=OPERATOR,
            source="steadwell",
            external_id=number,
            demographics=said,
            identifiers=[identity.Identifier(system="clinic", type="MR", value=number)],
            now=self.now,
        )

    def token(self, scope: str, *, minutes: float = 60, now: datetime | None = None, **more: Any) -> str:
        token, _ = tokens.issue(
            actor=OPERATOR,
            client_id="ehr",
            scope=scope,
            now=now or clock.now(),
            lifetime=timedelta(minutes=minutes),
            **more,
        )
        return token

    def api(self, scope: str, **more: Any) -> Api:
        return Api(self.token(scope, **more))

    def of(self, person_id: PersonId, scope: str = "patient/*.cruds") -> Api:
        return self.api(scope, person_id=person_id)

    # -- what there is to read --

    def lab_report(self, person_id: PersonId, *values: tuple[str, str], **more: Any) -> labs.Filed:
        """A laboratory's report of (LOINC, value) pairs, released as a worker would."""
        observations = [
            labs.IncomingObservation(
                key=loinc,
                code=labs.Coded(code=loinc, text=f"Test {loinc}", system="LN"),
                value_type="NM",
                value=value,
                unit="mmol/L",
                range_text="3.5-5.1",
                status=labs.Status.FINAL,
            )
            for loinc, value in values or (("2823-3", "4.1"),)
        ]
        lab_models.LabSender.objects.get_or_create(sender="north-lab")
        said = {
            "sender": "north-lab",
            "code": labs.Coded(code="24326-1", text="Electrolytes", system="LN"),
            "status": labs.Status.FINAL,
            "filler_number": f"F{next(_serial)}",
            "person_id": person_id,
            "issued_at": self.now - timedelta(hours=1),
            "collected_at": self.now - timedelta(hours=2),
            "observations": tuple(observations),
            "message_id": new_id(),
            "performer": "North Laboratory",
        }
        filed = labs.file_report(
            actor=system("labs.ingest"), report=labs.IncomingReport(**(said | more)), now=self.now
        )
        deciding.decide(report_id=filed.report_id, now=self.now)
        return filed

    def open_clinic(self) -> None:
        """A site, a clinician who works all day, and one kind of visit."""
        self.site = clinic.site(time_zone="UTC")
        self.clinician = clinic.clinician(self.site, hours=((0, 24),), name="Dr Sol Aberg")
        self.kind = clinic.visit_type(self.site, code="check-up", name="Check-up")
        self.starts_at = (self.now + timedelta(days=2)).replace(hour=9, minute=0, second=0, microsecond=0)

    def offer(self, hours: float = 0) -> scheduling.OfferRef:
        return clinic.offer(self.kind, self.clinician, self.site, self.starts_at + timedelta(hours=hours))

    def visit(self, person_id: PersonId, hours: float = 0) -> scheduling.Appointment:
        return scheduling.book_direct(
            actor=OPERATOR,
            person_id=person_id,
            offer=self.offer(hours),
            request_key=clinic.key(),
            now=self.now,
        )


def observation(person_id: PersonId, value: str = "4.1", code: str = "2823-3", **more: Any) -> dict[str, Any]:
    """A laboratory result as an EHR writes it; ``value`` is written digit for digit."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [LAB],
        "code": {"coding": [{"system": LOINC, "code": code}], "text": "Potassium"},
        "subject": {"reference": f"Patient/{person_id}"},
        "effectiveDateTime": "2026-05-01T08:30:00+02:00",
        "valueQuantity": {
            "value": wire.Digits(value),
            "unit": "mmol/L",
            "system": "http://unitsofmeasure.org",
            "code": "mmol/L",
        },
        **more,
    }


def vital(person_id: PersonId, value: str = "72", **more: Any) -> dict[str, Any]:
    """An observation that is no laboratory's: kept as a document."""
    made = observation(person_id, value, "8867-4", **more)
    made["category"] = [
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                    "code": "vital-signs",
                }
            ]
        }
    ]
    made["valueQuantity"] |= {"unit": "/min", "code": "/min"}
    return made


def practitioner(family: str = "Quill", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Practitioner",
        "name": [{"family": family, "given": ["Nora"]}],
        "identifier": [
            {"system": "http://hl7.org/fhir/sid/us-npi", "value": f"{1000000000 + next(_serial)}"}
        ],
        **more,
    }


def bundle(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def post(resource: dict[str, Any], full_url: str = "", **request: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"], **request},
    }
    if full_url:
        made["fullUrl"] = full_url
    return made


__all__ = ["Api", "Decimal", "House", "bundle", "clinic", "observation", "post", "practitioner", "vital"]


def together(house: House, works: list) -> list:
    """All at once, each on its own connection."""
    answers: list = []
    gate = threading.Barrier(len(works), timeout=120)

    def run(work) -> None:
        try:
            gate.wait()
            answers.append(work(Api(house.ehr.token)))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=300)
    assert not any(thread.is_alive() for thread in threads)
    return answers
