"""Providers as the environment names them; production refuses what is incomplete or in the clear."""

from __future__ import annotations

import pytest

from notifications.types import Account
from steadwell.config import env, providers
from steadwell.config.env import Misconfigured

WHOLE = {
    "NOTIFICATION_PROVIDERS": "sms-a",
    "PROVIDER_SMS_A_KIND": "sms-form",
    "PROVIDER_SMS_A_URL": "https://sms.clinic.example/Accounts/AC1/",
    "PROVIDER_SMS_A_USER": "AC1",
    "PROVIDER_SMS_A_SECRET": "token",
    "PROVIDER_SMS_A_FROM": "+15550000000",
    "PROVIDER_SMS_A_HONOURS_KEYS": "1",
}


def use(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    for name, value in (WHOLE | changed).items():
        monkeypatch.setenv(name, value)


def test_a_provider_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch)

    (found,) = providers.safe(providers.read(env.words("NOTIFICATION_PROVIDERS")))

    account = Account(**found)
    assert (account.code, account.channel, account.kind) == ("sms-a", "sms", "sms-form")
    assert account.url == "https://sms.clinic.example/Accounts/AC1"
    assert account.honours_keys
    assert "token" not in repr(account)


@pytest.mark.parametrize("missing", ["KIND", "URL", "USER", "SECRET", "FROM"])
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    use(monkeypatch, **{f"PROVIDER_SMS_A_{missing}": ""})

    with pytest.raises(Misconfigured, match=f"PROVIDER_SMS_A_{missing}"):
        providers.read(env.words("NOTIFICATION_PROVIDERS"))


@pytest.mark.parametrize(
    "changed",
    [
        {"PROVIDER_SMS_A_URL": "http://sms.clinic.example"},
        {"PROVIDER_SMS_A_RATE": "0"},
        {"PROVIDER_SMS_A_CONCURRENCY": "0"},
        {"PROVIDER_SMS_A_DEADLINE": "60"},
        {"PROVIDER_SMS_A_REPORT_SECONDS": "30"},
        {"PROVIDER_SMS_A_REPORT_SECRET": "changeme-changeme"},
    ],
)
def test_production_refuses_what_is_unsafe(monkeypatch: pytest.MonkeyPatch, changed: dict[str, str]) -> None:
    use(monkeypatch, **changed)
    (name,) = changed

    with pytest.raises(Misconfigured, match=name):
        providers.safe(providers.read(env.words("NOTIFICATION_PROVIDERS")))


@pytest.mark.parametrize("codes", ["sms-a,sms-a", "SMS", "sms/a"])
def test_codes_are_plain_and_single(monkeypatch: pytest.MonkeyPatch, codes: str) -> None:
    use(monkeypatch, NOTIFICATION_PROVIDERS=codes)

    with pytest.raises(Misconfigured):
        providers.read(env.words("NOTIFICATION_PROVIDERS"))
