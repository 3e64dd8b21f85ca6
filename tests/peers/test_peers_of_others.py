"""Clients of others' making against a server that was just started: what their users would meet."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest
from connecting_apps import Kind, registered, rsa_key
from fhir_house import House
from standing import promises_kept, run, standing, told

from fhir_facade.smart.models import Client
from tests.ports import free_port

pytestmark = [pytest.mark.django_db(transaction=True)]
DOCUMENT = Path(__file__).parents[2] / "platform/docs/fhir-peers.md"
SCENARIOS = Path(__file__).parent / "scenarios"
# News of stays come by one topic; which of them are wanted is a filter's to say.
ENDED = "status=finished&patient"
SEED = 20260501


@pytest.fixture
def house(transactional_db) -> House:
    """Two patients with visits and results, and a system that may do everything."""
    made = House()
    made.open_clinic()
    made.visit(made.ada)
    for person in (made.ada, made.bo):
        made.lab_report(person, ("2823-3", "4.10"), ("2951-2", "140"))
    return made


@pytest.fixture
def service(transactional_db):
    """A backend service that signs with its own key, as smart-fetch does."""
    app = registered(Kind.SERVICE, key=rsa_key(), scope="system/*.rs")
    Client.objects.filter(client_id=app.client_id).update(per_minute=100_000)
    return app


def test_fhirpy(house, tmp_path):
    with standing(tmp_path) as base:
        found = told(tmp_path, "with_fhirpy.py", BASE=base, TOKEN=house.token("system/*.cruds"))

    assert found["by_name"] == [str(house.ada)]
    assert (found["first"], found["counted"]) == ("Canaryada", 2)
    assert (found["version"], found["status"], found["subject"]) == ("2", "amended", str(house.ada))
    assert found["over_pages"] == 5
    assert sorted(found["included"]) == ["Observation", "Patient"]
    assert found["conditional"] == [1, 0, True]
    assert "JSON Patch" in found["merge_patch"]
    assert (found["transaction"], found["read_after_write"]) == (["200", "200"], "corrected")
    assert found["gone"] is True


def test_fhirclient(house, tmp_path):
    with standing(tmp_path) as base:
        found = told(tmp_path, "with_fhirclient.py", BASE=base, TOKEN=house.token("system/*.cruds"))

    assert found["software"] == "Steadwell"
    assert found["names"] == ["Adafirst Canaryada"]
    assert found["born"] == "1980-03-12"
    assert sorted(found["values"]) == [4.1, 140]
    assert found["resolved"] == [True]
    assert found["visits"] == ["booked"]
    assert found["over_pages"] == 4
    assert (found["made"], found["version"]) == (71, "2")


def test_smart_fetch_exports_and_crawls(house, service, tmp_path):
    key = tmp_path / "key.jwks"
    said = {**json.loads(service.key.export_private()), "alg": "RS384", "key_ops": ["sign"]}
    key.write_text(json.dumps({"keys": [said]}))
    types = "Patient,Observation,DiagnosticReport"
    with standing(tmp_path) as base, promises_kept():
        asked = [
            "--fhir-url",
            base,
            "--smart-client-id",
            service.client_id,
            "--smart-key",
            str(key),
            "--type",
            types,
        ]
        bulk = smart_fetch(tmp_path, "bulk", tmp_path / "bulk", *asked)
        crawl = smart_fetch(
            tmp_path, "crawl", tmp_path / "crawl", *asked, "--id-list", f"{house.ada},{house.bo}"
        )

    people = {str(house.ada), str(house.bo)}
    for found in (bulk, crawl):
        assert {each["id"] for each in found["Patient"]} == people
        assert {each["subject"]["reference"] for each in found["Observation"]} == {
            f"Patient/{p}" for p in people
        }
    assert ids(bulk) == ids(crawl)
    assert len(ids(bulk)) == 2 + 4 + 2


def smart_fetch(folder: Path, way: str, into: Path, *arguments: str) -> dict[str, list[dict]]:
    into.mkdir()
    program = "import sys; from smart_fetch.cli.main import main_cli; sys.exit(main_cli())"
    ran = run(folder, "-c", program, way, str(into), *arguments)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"[-4000:]
    found: dict[str, list[dict]] = {}
    for file in into.rglob("*.ndjson*"):
        raw = file.read_bytes()
        for line in (gzip.decompress(raw) if file.suffix == ".gz" else raw).decode().splitlines():
            said = json.loads(line)
            if said.get("resourceType") in {"Patient", "Observation", "DiagnosticReport"}:
                found.setdefault(said["resourceType"], []).append(said)
    return found


def ids(found: dict[str, list[dict]]) -> set[tuple[str, str]]:
    return {(kind, each["id"]) for kind, several in found.items() for each in several}


def test_schemathesis_finds_no_server_error(house, tmp_path):
    """Every operation of the OpenAPI document, with what fits it and what does not.

    One worker: Python 3.11 counts the depth of a syntax tree for all threads together, and schemathesis reads
    its own source with several at once (CPython's issue 106905).
    """
    with standing(tmp_path) as base:
        ran = run(
            tmp_path, "-m", "schemathesis.cli", "run", f"{base}/openapi.json",
            "--url", base, "-H", f"Authorization: Bearer {house.token('system/*.cruds')}",
            "--checks", "not_a_server_error", "--max-examples", "4", "--seed", str(SEED), "--no-shrink",
            "--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--request-timeout", "120",
            "--suppress-health-check", "all", "--workers", "1", "--max-time", "120",
        )  # fmt: skip

    assert "Network Error" not in ran.stdout, ran.stdout[-6000:]
    assert "Server error" not in ran.stdout, f"seed {SEED}: {ran.stdout[-6000:]}"
    assert ran.returncode == 0, f"seed {SEED}: {ran.stdout[-6000:]}{ran.stderr[-2000:]}"


def test_scenarios_of_the_hospital_simulator(house, tmp_path):
    """All of sekmet's scenarios. What is skipped or does not pass is listed and explained in the document,
    each step of it, and nothing else is.
    """
    results = sekmet(house, tmp_path, "all", topic="encounter-changed", filter_param=ENDED)

    assert len(results) == 14
    found = {
        (each["name"], f"{step['index']}. {step['name']}", step["status"]): step["message"]
        for each in results
        for step in each["steps"]
        if step["status"] != "passed"
    }
    # What the document lacks, as a row of it; what it has too much.
    lacking = [
        f"| {' | '.join(row)} | {why[:300]} |" for row, why in found.items() if row not in documented()
    ]
    assert (lacking, documented() - found.keys()) == ([], set())
    steps = [step["status"] for each in results for step in each["steps"]]
    assert f"the scenarios' {len(steps)} steps {steps.count('passed')} pass." in DOCUMENT.read_text()


def test_the_same_ways_without_what_is_no_type_of_ours(house, tmp_path):
    """sekmet's own steps where its scenarios stand on a type that is not served here: each of them passes."""
    begins = (house.now + timedelta(days=1)).replace(microsecond=0)
    said = {"from": begins.isoformat(), "until": (begins + timedelta(hours=8)).isoformat()}

    results = sekmet(house, tmp_path, *sorted(str(each) for each in SCENARIOS.glob("*.yaml")), **said)

    assert len(results) == 6
    left = [
        (each["name"], step["name"], step["status"], step["message"][:600])
        for each in results
        for step in each["steps"]
        if step["status"] != "passed"
    ]
    assert left == []


def sekmet(house: House, folder: Path, *scenarios: str, **said: str) -> list[dict]:
    """What it reports of scenarios that it ran against a server that was just started."""
    with standing(folder) as base, promises_kept():
        settings = folder / "settings.yaml"
        settings.write_text(json.dumps(_settings(base, house.token("system/*.cruds"))))
        if "topic" in said:
            said["topic"] = f"{base}/SubscriptionTopic/{said['topic']}"
        named = [word for name, value in said.items() for word in ("--var", f"{name}={value}")]
        program = "from sekmet.cli import app; app()"
        ran = run(
            folder, "-c", program, "scenario", "run", *scenarios, "--peer", "ours", "--config", str(settings),
            *named,
        )  # fmt: skip
    reports = list(folder.glob("reports/*/results.json"))
    assert reports, f"{ran.stdout}\n{ran.stderr}"[-4000:]
    results: list[dict] = json.loads(reports[0].read_text())
    return results


def documented() -> set[tuple[str, str, str]]:
    """The rows of the document's table: scenario, step, what becomes of it."""
    rows = [line.strip("|").split("|") for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    cells = [tuple(cell.strip() for cell in row) for row in rows]
    return {(row[0], row[1], row[2]) for row in cells if len(row) == 4 and row[1][:1].isdigit()}


def _settings(base: str, token: str) -> dict:
    port = free_port()
    return {
        "base_url": f"http://127.0.0.1:{port}/fhir", "host": "127.0.0.1", "port": port,
        "peers": {"ours": {"base_url": base, "auth": {"type": "bearer", "token": token}, "timeout": 120}},
    }  # fmt: skip
