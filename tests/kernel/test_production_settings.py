"""Production refuses to start on anything unsafe, and names the variable."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from steadwell.config import env, production
from steadwell.config.env import Misconfigured

ROOT = Path(__file__).resolve().parents[2]
KEY = "vK2b9Qz7xW4nT8sLr5mYc3hJd6fGpA1uEoXiBzRtNwMyHqVjCe"
PASSWORD = "vK2b9Qz7xW4nT8sLr5mY"
APP_URL = f"postgresql://steadwell_app:{PASSWORD}@db.internal/clinic"
# Made for the tests alone: it signs nothing that anybody reads.
SIGNING_KEY = (
    generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
SAFE = {
    "OIDC_PRIVATE_KEY": SIGNING_KEY,
    "SECRET_KEY": KEY,
    "AUDIT_SEAL_KEY": KEY[::-1],
    "ALLOWED_HOSTS": "visits.clinic.org",
    "PUBLIC_URL": "https://visits.clinic.org",
    "DATABASE_URL": APP_URL,
    "REDIS_URL": f"redis://:{PASSWORD}@valkey.internal/0",
    "EMAIL_HOST": "smtp.clinic.org",
    "DEFAULT_FROM_EMAIL": "Riverside Clinic <visits@clinic.org>",
    "TRUSTED_PROXY_COUNT": "1",
}


@pytest.mark.parametrize(
    "value",
    [
        "short",
        "django-insecure-" + KEY,
        "development-only-key-that-production-refuses-to-start-with",
        "changeme" * 8,
        "abcabcabc" * 8,
    ],
)
def test_secret_refuses_what_is_short_known_or_repeated(value):
    with pytest.raises(Misconfigured, match="SECRET_KEY"):
        production.secret("SECRET_KEY", value, shortest=production.SHORTEST_KEY)


def test_secret_takes_random_characters():
    assert production.secret("SECRET_KEY", KEY, shortest=production.SHORTEST_KEY) == KEY


@pytest.mark.parametrize("names", [[], ["*"], ["*.clinic.org"]])
def test_hosts_refuses_nobody_and_everybody(names):
    with pytest.raises(Misconfigured, match="ALLOWED_HOSTS"):
        production.hosts("ALLOWED_HOSTS", names)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("postgresql://steadwell_app@db/clinic", "DATABASE_PASSWORD"),
        ("postgresql://steadwell_app:postgres@db/clinic", "DATABASE_URL"),
        ("postgresql://steadwell_app:changeme-changeme-1@db/clinic", "DATABASE_URL"),
        (f"postgresql://postgres:{PASSWORD}@db/clinic", "DATABASE_URL"),
        ("mysql://db/clinic", "DATABASE_URL"),
    ],
)
def test_database_url_refuses_no_password_a_known_one_and_the_owner(url, named):
    with pytest.raises(Misconfigured, match=named):
        production.database_url("DATABASE_URL", url, password="", role="steadwell_app")


def test_database_url_takes_its_password_from_its_own_variable():
    url = production.database_url(
        "DATABASE_URL", "postgresql://steadwell_app@db/clinic", password=PASSWORD, role="steadwell_app"
    )

    assert url == f"postgresql://steadwell_app:{PASSWORD}@db:5432/clinic"


def test_database_url_needs_no_password_on_a_socket():
    url = "postgresql://steadwell_app@/clinic?host=%2Frun%2Fpostgresql"

    assert production.database_url("DATABASE_URL", url, password="", role="steadwell_app") == url


@pytest.mark.parametrize("url", ["redis://valkey/0", "redis://:redis@valkey/0", "http://valkey"])
def test_broker_url_refuses_no_password_and_short_ones(url):
    with pytest.raises(Misconfigured, match="REDIS_"):
        production.broker_url("REDIS_URL", url, password="")


@pytest.mark.parametrize("url", ["http://visits.clinic.org", "https://elsewhere.org", "visits.clinic.org"])
def test_public_url_refuses_plain_http_and_hosts_that_are_not_ours(url):
    with pytest.raises(Misconfigured, match="PUBLIC_URL"):
        production.public_url("PUBLIC_URL", url, allowed=["visits.clinic.org"])


@pytest.mark.parametrize("address", ["", "visits", "visits@clinic", "a@b.c, d@e.f"])
def test_sender_refuses_what_is_no_address(address):
    with pytest.raises(Misconfigured, match="DEFAULT_FROM_EMAIL"):
        production.sender("DEFAULT_FROM_EMAIL", address)


def test_text_reads_the_file_a_secret_lies_in(monkeypatch, tmp_path):
    (tmp_path / "key").write_text(f"{KEY}\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))

    assert env.text("SECRET_KEY") == KEY


def test_text_names_the_file_it_cannot_read(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "gone"))

    with pytest.raises(Misconfigured, match="SECRET_KEY_FILE"):
        env.text("SECRET_KEY")


def start(**changes: str) -> subprocess.CompletedProcess[str]:
    """A real start in production settings, with a clean environment."""
    given = {name: value for name, value in {**SAFE, **changes}.items() if value}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**given, "PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "steadwell.config.settings.prod"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_starts_when_all_is_given_and_the_deploy_check_is_clean():
    result = start()

    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "1"),
        ("DEMO", "1"),
        ("SECRET_KEY", ""),
        ("AUDIT_SEAL_KEY", "too-short"),
        ("ALLOWED_HOSTS", "*"),
        ("EMAIL_HOST", ""),
        ("OIDC_PRIVATE_KEY", ""),
        ("OIDC_PRIVATE_KEY", "no key"),
    ],
)
def test_production_does_not_start_and_names_the_variable(name, value):
    result = start(**{name: value})

    assert result.returncode != 0
    assert name in result.stderr
