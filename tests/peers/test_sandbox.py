"""The sandbox: its lines are copied from the page into a shell and work; production has none of it."""

from __future__ import annotations

import html
import re
import subprocess
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from connecting_apps import patient
from django.test import Client
from django.urls import reverse
from fhir_house import House
from standing import PATIENCE, standing

from fhir_facade import service as fhir
from fhir_facade.oauth import sandbox
from fhir_facade.oauth.models import Registration
from steadwell import clock
from steadwell.errors import Forbidden


def lines_of(page: str) -> str:
    return html.unescape(
        re.findall(r'<pre class="sample"[^>]*aria-labelledby="sandbox">(.*?)</pre>', page, re.S)[0]
    )


@pytest.mark.django_db(transaction=True)
def test_lines_of_the_page_work_in_a_shell(transactional_db, tmp_path):
    house = House()
    house.lab_report(house.ada)
    fhir.seed_sandbox(now=clock.now())
    with standing(tmp_path) as base:
        with urlopen(f"{base.removesuffix('/fhir')}/developers/", timeout=PATIENCE) as answer:  # noqa: S310
            lines = lines_of(answer.read().decode())
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines.replace("\n\n", "\necho\n\n")], capture_output=True,
            text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip

    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"[-3000:]
    assert '"resourceType":"CapabilityStatement"' in ran.stdout
    assert '"family":"Canaryada"' in ran.stdout
    assert '"resourceType":"Observation"' in ran.stdout
    assert '"value":"1"' in ran.stdout
    assert f"{base}/bulk/" in ran.stdout
    assert "OperationOutcome" not in ran.stdout


@pytest.mark.django_db
def test_patient_lets_the_sandbox_app_in_and_its_code_becomes_a_token():
    fhir.seed_sandbox(now=clock.now())
    browser, person_id = patient()
    page = Client().get("/developers/").content.decode()
    address = urlsplit(html.unescape(re.search(r'href="([^"]+/oauth/authorize/[^"]+)"', page)[1]))

    question = browser.get(f"{address.path}?{address.query}").content.decode()
    form = dict(re.findall(r'name="(question|person)" value="([^"]+)"', question))
    scopes = re.findall(r'name="scope" value="([^"]+)"', question)
    gone = browser.post("/oauth/consent/", {**form, "scope": scopes, "lasts": "hour", "allow": "yes"})
    given = {"code": parse_qs(urlsplit(gone.headers["Location"]).query)["code"][0]}

    back = parse_qs(address.query)["redirect_uri"][0]
    shown = Client().get(f"{urlsplit(back).path}?code={given['code']}").content.decode()
    said = dict(re.findall(r"-d (\w+)=(\S+)", html.unescape(shown))) | {"code": given["code"]}
    token = Client().post(reverse("oauth:token"), said).json()
    assert token["patient"] == str(person_id)
    read = Client().get(
        f"/fhir/Patient/{person_id}", headers={"authorization": f"Bearer {token['access_token']}"}
    )
    assert read.status_code == 200


@pytest.mark.django_db
def test_there_is_no_sandbox_where_the_demo_is_off(settings):
    fhir.seed_sandbox(now=clock.now())
    assert fhir.seed_sandbox(now=clock.now()) is False
    assert Registration.objects.filter(client__client_id=sandbox.SERVICE, state="approved").exists()

    settings.DEMO = False

    with pytest.raises(Forbidden):
        fhir.seed_sandbox(now=clock.now())
    assert Client().get("/developers/sandbox/assertion/").status_code == 404
    assert Client().get("/developers/sandbox/back/").status_code == 404
    assert "sandbox" not in Client().get("/developers/").content.decode().casefold()
