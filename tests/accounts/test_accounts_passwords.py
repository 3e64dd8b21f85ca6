"""What a password may be."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from steadwell.accounts.models import User
from steadwell.config.settings import base

GOOD = [
    "three green lanterns",
    "xk7#Lq9!vbT2",
    "  leading and trailing  ",
    "пароль из четырёх слов",
    "🦊 fox jumps over 🐶",
    "correct-horse-battery-staple",
    "a" * 3 + "long enough but not silly",
]
BAD = [
    "short",
    "elevenchars",
    "password1234",
    "Password1234",
    "passwordpassword",
    "qwertyuiopas",
    "aaaaaaaaaaaa",
    "abcabcabcabc",
    "123456789012",
    "098765432109",
    "letmein!!!!!!",
    "1qaz2wsx3edc",
    "steadwell2026",
    "ada.lovelace1",
    "ada.lovelace@example.org",
    "x" * 257,
]


@pytest.mark.parametrize("password", GOOD)
def test_accepts_what_is_long_and_unlikely(password):
    validate_password(password, User(email="ada.lovelace@example.org"))


@pytest.mark.parametrize("password", BAD)
def test_refuses_what_is_tried_first(password):
    with pytest.raises(ValidationError):
        validate_password(password, User(email="ada.lovelace@example.org"))


def test_hashes_with_argon2(settings):
    settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS

    assert make_password("three green lanterns").startswith("argon2$argon2id$")
