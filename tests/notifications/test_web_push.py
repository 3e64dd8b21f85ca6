"""The cryptography of web push beside RFC 8291's own example, and what subscribes."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from notifications import service as notifications
from notifications.channels import web_push
from notifications.models import PushSubscription
from steadwell.errors import Invalid
from tests.notifications.house import NOW, patient
from tests.notifications.simulated import VAPID

KEY = web_push.encode(web_push.point(ec.generate_private_key(ec.SECP256R1()).public_key()))
AUTH = web_push.encode(bytes(16))
ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"


def test_sealing_gives_what_the_rfc_gives():
    """RFC 8291, appendix A."""
    ours = web_push.signing_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")

    sealed = web_push.seal(
        b"When I grow up, I want to be a watermelon",
        public_key="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        auth="BTBZMqHH6r4Tts7J_aSIgg",
        salt=web_push.decode("DGv6ra1nlYgDCS1FRnbzlw"),
        ours=ours,
    )

    assert web_push.encode(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
        "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_the_browser_reads_what_was_sealed():
    theirs = ec.generate_private_key(ec.SECP256R1())
    key = web_push.encode(web_push.point(theirs.public_key()))

    sealed = web_push.seal("Su cita está reservada".encode(), public_key=key, auth=AUTH)

    assert web_push.unseal(sealed, private=theirs, auth=AUTH).decode() == "Su cita está reservada"


def test_who_sends_is_proven_by_es256():
    key = web_push.signing_key(VAPID)

    told = web_push.authorization(key, {"aud": "https://push.example", "exp": 1, "sub": "mailto:a@b.c"})

    token = told.removeprefix("vapid t=").partition(",")[0]
    head, claims, signature = token.split(".")
    raw = web_push.decode(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key.public_key().verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    assert orjson.loads(web_push.decode(head)) == {"typ": "JWT", "alg": "ES256"}
    assert orjson.loads(base64.urlsafe_b64decode(claims + "=="))["aud"] == "https://push.example"


@pytest.mark.django_db
def test_a_browser_that_subscribes_again_is_one_device():
    first, second = patient(), patient()

    for somebody in (first, second):
        notifications.subscribe_device(
            actor=somebody.actor, endpoint=ENDPOINT, public_key=KEY, auth=AUTH, now=NOW
        )

    assert PushSubscription.objects.get().reader_id == second.user_id


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changed",
    [
        {"endpoint": "https://169.254.169.254/latest"},
        {"endpoint": "http://fcm.googleapis.com/x"},
        {"endpoint": "https://fcm.googleapis.com:8443/x"},
        {"endpoint": "https://fcm.googleapis.com.evil.example/x"},
        {"endpoint": "https://user@fcm.googleapis.com/x"},
        {"public_key": "AAAA"},
        {"auth": "AAAA"},
    ],
)
def test_a_push_goes_to_no_address_that_somebody_makes_up(changed: dict[str, Any]) -> None:
    given = {"endpoint": ENDPOINT, "public_key": KEY, "auth": AUTH} | changed

    with pytest.raises(Invalid):
        notifications.subscribe_device(actor=patient().actor, now=NOW, **given)

    assert not PushSubscription.objects.exists()


@pytest.mark.django_db
def test_nobody_takes_anothers_device_off():
    owner, other = patient(), patient()
    notifications.subscribe_device(actor=owner.actor, endpoint=ENDPOINT, public_key=KEY, auth=AUTH, now=NOW)

    notifications.unsubscribe_device(actor=other.actor, endpoint=ENDPOINT, now=NOW)

    assert PushSubscription.objects.get().ended_at is None
