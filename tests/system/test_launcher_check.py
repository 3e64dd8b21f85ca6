"""``manage.py up --check``: what a newcomer, or a release, asks first."""

from __future__ import annotations

from household import manage


def test_check_books_a_visit_and_sees_its_confirmation():
    checked = manage("up", "--check")

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "a visit was booked, and its confirmation arrived" in checked.stdout


def test_check_needs_the_demo():
    checked = manage("up", "--check", "--no-demo")

    assert checked.returncode == 2
    assert "leave --no-demo out" in checked.stderr
