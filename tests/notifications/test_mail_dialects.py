"""Reports in the dialects of other e-mail providers: checked and read by the library, stored as ours are."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from notifications.channels import mail_reports
from notifications.models import DeliveryReport, Message
from steadwell import clock
from steadwell.config import env, providers
from steadwell.config.env import Misconfigured
from tests.killing import wait_until
from tests.notifications.house import Somebody, patient
from tests.notifications.simulated import Simulator
from tests.notifications.test_carrying import carry
from tests.notifications.test_mail_reports import is_down, mail_to, now_is, steps

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "reports-in-other-dialects"
HEADERS = {"mailtrap": "Mailtrap-Signature", "mailersend": "Signature"}


@pytest.fixture
def somebody() -> Somebody:
    return patient()


@pytest.fixture(params=["mailtrap", "mailersend"])
def dialect(request: Any) -> str:
    return str(request.param)


@pytest.fixture
def message(settings: Any, simulator: Simulator, somebody: Somebody, dialect: str) -> Message:
    """Sent by a provider that then reports in this dialect."""
    settings.NOTIFICATION_PROVIDERS = [simulator.mail("mail-a")]
    made = mail_to(somebody)
    settings.NOTIFICATION_PROVIDERS = [simulator.mail("mail-a", dialect=dialect, report_secret=SECRET)]
    return made


WORDS = {  # how each says it
    "mailtrap": {"delivered": "delivery", "hard": "bounce", "soft": "soft bounce", "spam": "spam",
                 "opened": "open", "refused": "reject"},
    "mailersend": {"delivered": "delivered", "hard": "hard_bounced", "soft": "soft_bounced",
                   "spam": "spam_complaint", "opened": "opened", "refused": "something.new"},
}  # fmt: skip


def body_of(
    dialect: str, message: Message, said: str, *, at: datetime, reference: str | None = None
) -> bytes:
    name, word = message.provider_ref if reference is None else reference, WORDS[dialect][said]
    if dialect == "mailtrap":
        event = {"event": word, "message_id": name, "email": message.address, "event_id": f"{at}-{said}",
                 "timestamp": int(at.timestamp()), "sending_stream": "transactional"}  # fmt: skip
        return json.dumps({"events": [event]}).encode()
    email = {"message": {"id": name}, "recipient": {"email": message.address}}
    data = {"object": "activity", "id": f"{at}-{said}", "type": word, "created_at": at.isoformat(),
            "email": email}  # fmt: skip
    return json.dumps({"type": f"activity.{word}", "data": data}).encode()


def post(
    client: Any, dialect: str, body: bytes, *, secret: str = SECRET, signature: str | None = None
) -> int:
    signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() if signature is None else signature
    answer = client.post(
        "/providers/mail-a/reports/", body, content_type="application/json",
        headers={HEADERS[dialect]: signed} if signed else {},
    )  # fmt: skip
    return int(answer.status_code)


def report(client: Any, dialect: str, message: Message, said: str = "delivered", **more: Any) -> int:
    at = clock.now() - more.pop("age", timedelta(0))
    return post(client, dialect, body_of(dialect, message, said, at=at, **more))


def test_a_delivery_is_stored_and_taken_in(client: Any, dialect: str, message: Message) -> None:
    assert report(client, dialect, message) == 204
    assert now_is(message) == "accepted"

    carry()

    assert now_is(message) == "delivered"
    assert steps(message, "delivered") == 1


def test_a_hard_bounce_gives_the_address_up(
    client: Any, dialect: str, message: Message, somebody: Somebody
) -> None:
    report(client, dialect, message, "hard")
    carry()

    assert (now_is(message), message.cause) == ("failed", "mail-bounced")
    assert is_down(somebody)


def test_what_may_pass_leaves_the_address(
    client: Any, dialect: str, message: Message, somebody: Somebody
) -> None:
    for said in ("soft", "refused"):
        assert report(client, dialect, message, said) == 204
    carry()

    assert message.cause != "mail-bounced"
    assert not is_down(somebody)


def test_a_complaint_counts_as_delivered_and_ends_it(
    client: Any, dialect: str, message: Message, somebody: Somebody
) -> None:
    report(client, dialect, message, "spam")
    carry()

    assert now_is(message) == "delivered"
    assert is_down(somebody)


def test_repeated_or_replayed_it_counts_once(client: Any, dialect: str, message: Message) -> None:
    body = body_of(dialect, message, "delivered", at=clock.now() - timedelta(hours=20))
    for _ in range(3):
        assert post(client, dialect, body) == 204
    carry()

    assert DeliveryReport.objects.count() == 1
    assert steps(message, "delivered") == 1


def test_what_is_not_signed_finds_nothing(client: Any, dialect: str, message: Message) -> None:
    good = body_of(dialect, message, "hard", at=clock.now())
    signed = hmac.new(SECRET.encode(), good, hashlib.sha256).hexdigest()

    refused = [
        post(client, dialect, good, secret="another"),
        post(client, dialect, good, signature=""),
        post(client, dialect, good, signature="\u00e9"),
        post(client, dialect, good + b" ", signature=signed),
        post(client, dialect, body_of(dialect, message, "spam", at=clock.now()), signature=signed),
        post(client, dialect, b"[]"),
        post(client, dialect, b'{"events": [{}], "data": {}}'),
        post(client, dialect, b"no json"),
        report(client, dialect, message, age=timedelta(days=3)),
        report(client, dialect, message, age=-timedelta(hours=1)),
    ]

    assert set(refused) == {404}
    assert not DeliveryReport.objects.exists()


def test_one_dialect_does_not_pass_for_another(client: Any, dialect: str, message: Message) -> None:
    other = next(each for each in HEADERS if each != dialect)

    assert report(client, other, message) == 404


def test_several_events_of_one_report_move_each_its_message(
    client: Any, settings: Any, simulator: Simulator, somebody: Somebody
) -> None:
    settings.NOTIFICATION_PROVIDERS = [simulator.mail("mail-a")]
    first, second = mail_to(somebody), mail_to(somebody)
    settings.NOTIFICATION_PROVIDERS = [simulator.mail("mail-a", dialect="mailtrap", report_secret=SECRET)]
    events = [json.loads(body_of("mailtrap", each, said, at=clock.now()))["events"][0]
              for each, said in ((first, "delivered"), (second, "hard"))]  # fmt: skip

    assert post(client, "mailtrap", json.dumps({"events": events}).encode()) == 204
    carry()

    assert (now_is(first), now_is(second)) == ("delivered", "failed")


@pytest.mark.parametrize(
    ("how", "state"), [("twice", "delivered"), ("late", "delivered"), ("failed", "failed")]
)
def test_a_real_provider_of_another_dialect_calls_back(
    settings: Any, simulator: Simulator, live_server: Any, somebody: Somebody, how: str, state: str
) -> None:
    settings.NOTIFICATION_PROVIDERS = [simulator.mail("mail-a", dialect="mailtrap", report_secret=SECRET)]
    simulator.behave(
        "mail-a", report=how, report_secret=SECRET, report_url=f"{live_server.url}/providers/mail-a/reports/"
    )

    message = mail_to(somebody)

    wait_until(DeliveryReport.objects.exists, seconds=60, what="the report has come")
    wait_until(lambda: not simulator.state()["reporting"], seconds=60, what="it has come as often as it does")
    carry()
    assert now_is(message) == state
    assert DeliveryReport.objects.count() == 1
    assert str(message.pk) in DeliveryReport.objects.get().body  # our id went out and came back


def test_a_provider_is_read_with_the_secret_of_its_dialect(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "NOTIFICATION_PROVIDERS": "mail-a", "PROVIDER_MAIL_A_KIND": "mail-http",
        "PROVIDER_MAIL_A_URL": "https://mail.clinic.example", "PROVIDER_MAIL_A_SECRET": "token",
        "PROVIDER_MAIL_A_DIALECT": "mailersend", "PROVIDER_MAIL_A_REPORT_SECRET": SECRET,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    assert providers.read(env.words("NOTIFICATION_PROVIDERS"))[0]["report_secret"] == SECRET
    for unsigned in ("mailgun", "postmark", "sendgrid"):
        monkeypatch.setenv("PROVIDER_MAIL_A_DIALECT", unsigned)
        with pytest.raises(Misconfigured, match="does not sign"):
            providers.read(env.words("NOTIFICATION_PROVIDERS"))
        assert unsigned not in mail_reports.DIALECTS
