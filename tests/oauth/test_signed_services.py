"""Services that sign for themselves (item 70), keys by address, launches from a chart, registrations."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
import small_clinic as clinic
from connecting_apps import ADMIN, ASSERTION_TYPE, consented, ec_key, patient, registered, rsa_key
from django.db import connection
from django.test import Client, override_settings
from signing_in import sign_in

from fhir_facade import outbound
from fhir_facade.oauth import keysets, registering
from fhir_facade.oauth.models import Kind, Registration
from fhir_facade.smart import tokens
from scheduling import service as scheduling
from steadwell import clock
from steadwell.accounts import service as accounts
from steadwell.actor import Role, system
from steadwell.audit.models import AuditEntry
from steadwell.errors import Invalid
from steadwell.ids import SiteId, new_id

pytestmark = pytest.mark.django_db
WIDE = "system/Observation.rs system/Patient.rs"


def service(key=None, **more):
    return registered(Kind.SERVICE, scope=WIDE, key=key or ec_key(), **more)


def ask(app, **changed):
    sent = {
        "grant_type": "client_credentials", "scope": "system/Observation.rs",
        "client_assertion_type": ASSERTION_TYPE, "client_assertion": app.assertion(),
    } | changed  # fmt: skip
    return Client().post("/oauth/token/", sent)


@pytest.mark.parametrize("make", [rsa_key, ec_key])
def test_item_70_service_gets_a_token_for_its_signature(make):
    answer = ask(service(make()))

    said = answer.json()
    assert answer.status_code == 200
    assert (said["token_type"], said["scope"], said["expires_in"]) == ("Bearer", "system/Observation.rs", 300)
    assert tokens.find_grant(said["access_token"], clock.now()) is not None


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.example.org/token"}, {"iss": "somebody"}, {"sub": "somebody"}, {"jti": ""},
        {"exp": 1}, {"exp": "soon"},
    ],
)  # fmt: skip
def test_item_70_assertion_that_proves_nothing(claims):
    app = service()

    answer = ask(app, client_assertion=app.assertion(**claims))

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_item_70_assertion_that_is_meant_to_last_proves_nothing():
    app = service()
    far = int((clock.now() + timedelta(minutes=20)).timestamp())

    answer = ask(app, client_assertion=app.assertion(exp=far))

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_item_70_replayed_assertion_is_refused():
    app = service()
    once = app.assertion()

    assert [ask(app, client_assertion=once).status_code for _ in range(2)] == [200, 401]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"grant_type": "nonsense"}, "unsupported_grant_type"),
        ({"client_assertion_type": "x"}, "invalid_request"),
        ({"client_assertion": "no jwt"}, "invalid_client"),
        ({"scope": "system/Medication.rs"}, "invalid_scope"),
        ({"scope": "patient/*.rs"}, "invalid_scope"),
    ],
)  # fmt: skip
def test_item_70_requests_that_are_not_right(changed, error):
    answer = ask(service(), **changed)

    assert answer.status_code in {400, 401}
    assert answer.json()["error"] == error


def test_item_70_signature_of_another_key_is_refused():
    app = service()
    app.key = ec_key()

    assert ask(app).status_code == 401


class _Keys(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.document)

    def log_message(self, *_):
        """Nothing to say."""


@pytest.fixture
def keys_at(monkeypatch):
    servers = []
    monkeypatch.setattr(outbound, "get", partial(outbound.get, deadline=60.0))  # no judge of a loaded machine

    def serve(key):
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Keys)
        server.document = json.dumps({"keys": [json.loads(key.export_public())]}).encode()
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/jwks.json"

    keysets.forget()
    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_item_70_keys_are_fetched_from_their_address(keys_at):
    key = ec_key()

    assert ask(service(key, jwks_url=keys_at(key))).status_code == 200


@override_settings(OUTBOUND_NETWORKS=[])
def test_address_inside_our_own_network_is_never_called(keys_at):
    key = ec_key()

    assert ask(service(key, jwks_url=keys_at(key))).status_code == 401


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.8",
        "169.254.169.254",
        "::1",
        "::ffff:10.0.0.8",
        "fd00::1",
        "0.0.0.0",  # noqa: S104 - what is refused
        "224.0.0.1",
        "x",
    ],
)
@override_settings(OUTBOUND_NETWORKS=[])
def test_private_addresses_are_known_in_every_spelling(address):
    assert not outbound.is_public(address)


def test_confidential_app_may_prove_itself_by_signature():
    browser, _ = patient()
    app = registered(key=rsa_key(), confidential=True)
    app.secret = ""

    assert app.exchange(consented(browser, app.address())["code"]).status_code == 200


def clinician(site=None):
    user_id = accounts.create_user(
        email=f"{new_id()}@example.org", password=None, roles=[Role.CLINICIAN],
        site_ids=[site or SiteId(new_id())], now=clock.now(),
    )  # fmt: skip
    return sign_in(Client(), user_id)


def test_staff_open_an_app_on_a_chart():
    (_, person_id), doctor = patient(), clinician()
    scope = "launch patient/Observation.rs openid fhirUser"
    app = registered(Kind.STAFF_APP, scope=scope, launch_url="https://app.example.org/launch")
    row = Registration.objects.get(client__client_id=app.client_id)

    gone = doctor.get(f"/clinic/patients/{person_id}/apps/{row.pk}/")
    launch = parse_qs(urlsplit(gone.headers["Location"]).query)
    said = app.exchange(
        consented(doctor, app.address(scope=scope, launch=launch["launch"][0]))["code"]
    ).json()

    assert launch["iss"][0].endswith("/fhir")
    assert said["patient"] == str(person_id)
    assert said["need_patient_banner"] is False


def test_item_62_launch_tells_the_visit_that_the_patient_is_at():
    (_, person_id) = patient()
    site = clinic.site(time_zone="UTC")
    doctor, practitioner = clinician(site), clinic.clinician(site, hours=((0, 24),))
    kind = clinic.visit_type(site)
    scope = "launch patient/Encounter.rs"
    app = registered(Kind.STAFF_APP, scope=scope, launch_url="https://app.example.org/launch")
    row = Registration.objects.get(client__client_id=app.client_id)
    at = clock.now().replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=2)
    visit = scheduling.book_direct(
        actor=system("desk"), person_id=person_id, offer=clinic.offer(kind, practitioner, site, at),
        request_key=clinic.key(), now=clock.now(),
    )  # fmt: skip

    def said():
        gone = doctor.get(f"/clinic/patients/{person_id}/apps/{row.pk}/")
        launch = parse_qs(urlsplit(gone.headers["Location"]).query)["launch"][0]
        return app.exchange(consented(doctor, app.address(scope=scope, launch=launch))["code"]).json()

    before = said()
    scheduling.arrive(
        actor=system("desk"), appointment_id=visit.appointment_id, request_key=clinic.key(), now=at
    )
    after = said()

    assert "encounter" not in before
    assert after["encounter"] == str(visit.appointment_id)
    sent = {"authorization": f"Bearer {after['access_token']}"}
    shown = Client().get(f"/fhir/Encounter/{after['encounter']}", headers=sent).json()
    assert shown["subject"]["reference"] == f"Patient/{person_id}"


def test_launch_of_somebody_else_opens_nothing():
    (_, person_id), doctor, other = patient(), clinician(), clinician()
    app = registered(
        Kind.STAFF_APP, scope="launch patient/Patient.r", launch_url="https://app.example.org/launch"
    )
    row = Registration.objects.get(client__client_id=app.client_id)
    gone = doctor.get(f"/clinic/patients/{person_id}/apps/{row.pk}/")
    launch = parse_qs(urlsplit(gone.headers["Location"]).query)["launch"][0]

    answer = other.get(app.address(scope="launch patient/Patient.r", launch=launch))

    assert "error=invalid_request" in answer.headers["Location"]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("redirect_uris", {"redirect_uris": ("http://app.example.org/back",)}),
        ("redirect_uris", {"redirect_uris": ("https://app.example.org/*",)}),
        ("redirect_uris", {"redirect_uris": ("javascript:alert(1)",)}),
        ("scope", {"scope": "system/*.rs"}),
        ("scope", {"scope": "patient/nonsense"}),
        ("name", {"name": " "}),
        ("launch_url", {"launch_url": "http://app.example.org/launch"}),
    ],
)  # fmt: skip
def test_registration_says_what_is_wrong(field, said):
    asked = {
        "name": "App", "kind": Kind.PATIENT_APP, "purpose": "For you.", "publisher": "Us",
        "contact": "a@example.org", "scope": "patient/*.rs", "redirect_uris": ("https://app.example.org/back",),
    } | said  # fmt: skip

    with pytest.raises(Invalid) as refusal:
        registering.register(actor=ADMIN, asked=registering.Asked(**asked), now=clock.now())

    assert field in refusal.value.fields


def administrator():
    user_id = accounts.create_user(
        email=f"{new_id()}@example.org", password=None, roles=[Role.ADMINISTRATOR], now=clock.now()
    )
    return sign_in(Client(), user_id)


def test_administrator_approves_in_the_admin_and_sees_the_secret_once():
    app = registered(confidential=True, approved=False)
    row = Registration.objects.get(client__client_id=app.client_id)
    desk, page = administrator(), f"/admin/fhir_facade/registration/{row.pk}/change/"
    assert "Pocket Chart" in desk.get(page).content.decode()

    answer = desk.post(page, {"act": "approve", "reason": "known publisher"})

    assert answer.status_code == 200
    assert "<code>" in answer.content.decode()
    assert "<code>" not in desk.get(page).content.decode()
    row.refresh_from_db()
    assert row.state == "approved"


def test_administrator_says_whose_word_a_services_medicines_are():
    app = service(approved=False)
    row = Registration.objects.get(client__client_id=app.client_id)
    desk, page = administrator(), f"/admin/fhir_facade/registration/{row.pk}/change/"
    assert '<option value="ehr-a" selected>' in desk.get(page).content.decode()

    answer = desk.post(
        page, {"act": "approve", "reason": "the pharmacy of the house", "medicine_source": "pharmacy"}
    )

    assert answer.status_code == 302
    token = ask(app).json()["access_token"]
    assert tokens.find_grant(token, clock.now()).medicine_source == "pharmacy"
    assert '<option value="pharmacy" selected>' in desk.get(page).content.decode()
    entry = AuditEntry.objects.get(action="app.approve-registration")
    assert (entry.detail["medicine_source"], entry.reason) == ("pharmacy", "the pharmacy of the house")


@pytest.mark.parametrize("kind", [Kind.SERVICE, Kind.PATIENT_APP])
def test_source_of_medicines_is_a_services_and_one_of_three(kind):
    app = service(approved=False) if kind == Kind.SERVICE else registered(approved=False)
    row = Registration.objects.get(client__client_id=app.client_id)
    desk, page = administrator(), f"/admin/fhir_facade/registration/{row.pk}/change/"

    desk.post(page, {"act": "approve", "reason": "known", "medicine_source": "nobody"})

    row.refresh_from_db()
    assert row.client.medicine_source == "ehr-a"
    assert row.state == ("waiting" if kind == Kind.SERVICE else "approved")
    assert ("medicine_source" in desk.get(page).content.decode()) == (kind == Kind.SERVICE)


def test_decision_needs_a_reason_and_an_administrator():
    app = registered(approved=False)
    row = Registration.objects.get(client__client_id=app.client_id)
    page = f"/admin/fhir_facade/registration/{row.pk}/change/"

    administrator().post(page, {"act": "approve", "reason": " "})
    stranger = clinician().post(page, {"act": "approve", "reason": "me too"})

    row.refresh_from_db()
    assert row.state == "waiting"
    assert stranger.status_code in {302, 404}


def test_refusal_ends_what_was_consented_to():
    browser, _ = patient()
    app = registered()
    app.exchange(consented(browser, app.address())["code"])
    row = Registration.objects.get(client__client_id=app.client_id)

    registering.decide(actor=ADMIN, registration_id=row.pk, approve=False, reason="misused", now=clock.now())

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM fhir_facade_approval WHERE ended_at IS NULL")
        assert cursor.fetchone() == (0,)
