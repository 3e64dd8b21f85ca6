from __future__ import annotations

import ssl
from ipaddress import ip_network
from uuid import uuid4

import pytest
from certificates import Authority
from hl7_messages import report
from wire import Wire, listening, registered

from fhir_facade.hl7v2 import senders
from fhir_facade.hl7v2.models import Hl7Message, Hl7Sender
from fhir_facade.hl7v2.senders import Caller, Sender, known_as
from steadwell import clock
from steadwell.actor import Actor, Role
from steadwell.audit.models import AuditEntry
from steadwell.errors import Forbidden, Invalid
from steadwell.ids import UserId, new_id

ADMIN = Actor(user_id=UserId(new_id()), roles=frozenset({Role.ADMINISTRATOR}))


def listed(name: str, *networks: str, certificates: frozenset[str] = frozenset()) -> Sender:
    return Sender(
        id=uuid4(), name=name, networks=tuple(map(ip_network, networks)), certificates=certificates,
        message_types=frozenset({"ORU^R01"}), applications=(), processing=frozenset("P"), site_id=None,
        time_zone="UTC", connections=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("address", "fingerprint", "subject", "found"),
    [
        ("10.1.2.3", "", "", ["net"]),
        ("::ffff:10.1.2.3", "", "", ["net"]),
        ("11.0.0.1", "", "", []),
        ("11.0.0.1", "aa", "", ["cert"]),
        ("11.0.0.1", "zz", "CN=lab", ["subject"]),
        ("10.1.2.3", "bb", "", ["both", "net"]),
        ("11.0.0.1", "bb", "", []),  # the right certificate from the wrong place
        ("fe80::1%eth0", "", "", []),
    ],
)
def test_caller_is_known_by_all_that_was_registered(address, fingerprint, subject, found):
    everyone = [
        listed("net", "10.0.0.0/8"),
        listed("cert", certificates=frozenset({"aa"})),
        listed("subject", certificates=frozenset({"CN=lab"})),
        listed("both", "10.0.0.0/8", certificates=frozenset({"bb"})),
    ]

    known = known_as(Caller(address=address, fingerprint=fingerprint, subject=subject), everyone)

    assert sorted(each.name for each in known) == found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("networks", ["10.0.0.0/99"]),
        ("networks", []),
        ("certificates", ["no subject"]),
        ("message_types", []),
        ("message_types", ["ORU"]),
        ("applications", ["LAB"]),
        ("processing", ["X"]),
        ("time_zone", "Mars/Olympus"),
    ],
)
def test_sender_that_makes_no_sense_is_refused(field, value):
    sender = Hl7Sender(name="east", networks=["10.0.0.1"], message_types=["ORU^R01"])
    setattr(sender, field, value)

    with pytest.raises(Invalid) as refused:
        senders.save_sender(actor=ADMIN, sender=sender, now=clock.now())

    assert list(refused.value.fields) == [field]


@pytest.mark.django_db
def test_sender_is_registered_with_an_audit_row():
    sender = Hl7Sender(
        name="east", networks=["10.0.0.1"], message_types=["oru^r01"], certificates=["AB:" * 31 + "CD"]
    )

    senders.save_sender(actor=ADMIN, sender=sender, now=clock.now())
    senders.save_sender(actor=ADMIN, sender=sender, now=clock.now())

    stored = Hl7Sender.objects.get()
    assert (stored.networks, stored.message_types) == (["10.0.0.1/32"], ["ORU^R01"])
    assert stored.certificates == ["ab" * 31 + "cd"]
    actions = AuditEntry.objects.filter(entity_id=sender.pk).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["hl7_sender.register", "hl7_sender.change"]


@pytest.mark.django_db
def test_only_administrators_register_senders():
    manager = Actor(user_id=UserId(new_id()), roles=frozenset({Role.MANAGER}))

    with pytest.raises(Forbidden):
        senders.save_sender(actor=manager, sender=Hl7Sender(name="east"), now=clock.now())


@pytest.mark.django_db
def test_demo_has_a_laboratory_on_this_machine(settings):
    senders.ensure_demo(now=clock.now())
    senders.ensure_demo(now=clock.now())

    (found,) = senders.list_active()
    assert found.name == "demo-lab"
    assert [each.name for each in known_as(Caller(address="127.0.0.1"), [found])] == ["demo-lab"]
    assert known_as(Caller(address="192.0.2.1"), [found]) == []
    Hl7Sender.objects.all().delete()
    settings.DEMO = False
    senders.ensure_demo(now=clock.now())
    assert senders.list_active() == []


@pytest.mark.django_db(transaction=True)
def test_client_certificate_says_who_sends(tmp_path):
    authority = Authority(tmp_path)
    lab, fingerprint = authority.issue("lab")
    stranger, _ = authority.issue("stranger")
    subject, _ = authority.issue("by-subject")
    registered("lab", networks=[], certificates=[fingerprint])
    named = registered("named", networks=[], certificates=["CN=by-subject"])

    with listening(tls=authority.server()) as port:
        with Wire(port, tls=authority.client(lab)) as wire:
            assert wire.code(report("C1")) == "AA"
        with Wire(port, tls=authority.client(subject)) as wire:
            assert wire.code(report("C2")) == "AA"
        with Wire(port, tls=authority.client(stranger)) as wire:
            assert wire.ended()

    assert Hl7Message.objects.get(control_id="C2").sender_id == named.pk


@pytest.mark.django_db(transaction=True)
def test_without_a_certificate_nobody_comes_in(tmp_path):
    authority = Authority(tmp_path)
    registered()

    with listening(tls=authority.server()) as port:
        bare = ssl.create_default_context(cafile=str(authority.file))
        with pytest.raises((ssl.SSLError, EOFError, ConnectionError)), Wire(port, tls=bare) as wire:
            wire.ask(report("C1"))

    assert not Hl7Message.objects.exists()
