"""What a request leaves behind, and the addresses for machines."""

from __future__ import annotations

import json

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from steadwell.observability import health, metrics
from steadwell.observability.service import (
    LabelRefused,
    collect,
    counter,
    histogram,
    recorded_spans,
    register_check,
)

CANARY = "quillfeather-1931-04-05"


def show(request: HttpRequest, visit_id: str) -> HttpResponse:
    return HttpResponse("seen")


def fail(request: HttpRequest) -> HttpResponse:
    raise ValueError(f"{CANARY} cannot be read")


urlpatterns = [path("probe/<slug:visit_id>/", show), path("probe-fails/", fail)]

pytestmark = pytest.mark.django_db(transaction=True)
here = override_settings(ROOT_URLCONF=__name__)


@pytest.fixture
def caller():
    return Client(raise_request_exception=False)


@here
def test_request_leaves_template_not_path_and_no_query(caller, capsys):
    with recorded_spans() as spans:
        response = caller.get(f"/probe/{CANARY}/?q={CANARY}", headers={"user-agent": CANARY})

    err = capsys.readouterr().err
    (span,) = spans
    assert span.name == "GET /probe/<slug:visit_id>/"
    assert "route=/probe/<slug:visit_id>/ status=200" in err
    assert response.headers["X-Request-ID"] in err
    assert f"{span.context.trace_id:032x}" in err
    assert CANARY not in err + json.dumps({**span.attributes, "name": span.name})
    assert CANARY not in caller.get("/metrics").content.decode()


@here
def test_request_that_fails_leaves_class_and_place_only(caller, capfd):
    with recorded_spans() as spans:
        response = caller.get("/probe-fails/")

    assert response.status_code == 500
    assert "status=500" in capfd.readouterr().err
    assert dict(spans[0].attributes)["http.response.status_code"] == 500


def test_request_starts_its_own_trace_whatever_a_stranger_sends(caller):
    with recorded_spans() as spans:
        caller.get("/nowhere", headers={"traceparent": "00-" + "a1" * 16 + "-" + "b2" * 8 + "-01"})

    assert spans[-1].parent is None


def test_live_asks_nobody(caller, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = caller.get("/healthz/live")

    assert (response.status_code, response.json()) == (200, {"status": "live"})


def test_live_answers_a_probe_that_knows_no_host_name(caller):
    with override_settings(ALLOWED_HOSTS=["clinic.example"], SECURE_SSL_REDIRECT=True):
        assert caller.get("/healthz/live", headers={"host": "10.1.2.3:8000"}).status_code == 200


@pytest.fixture
def own_checks(monkeypatch):
    """The checks of observability alone, asked afresh."""
    monkeypatch.setattr(health, "_checks", {})
    health.register_own()


def test_ready_says_ready_when_postgres_answers_and_migrations_are_applied(caller, own_checks):
    response = caller.get("/healthz/ready")

    assert response.status_code == 200
    assert response.json()["status"] == "ready"
    assert response.json()["checks"]["postgres"] == {"state": "ok"}


def test_ready_stays_ready_without_valkey_and_names_no_address(caller, own_checks):
    with override_settings(CELERY_BROKER_URL="redis://127.0.0.1:1/0"):
        response = caller.get("/healthz/ready")

    assert response.status_code == 200
    assert response.json()["checks"]["valkey"] == {"state": "failed"}
    assert "127.0.0.1" not in response.content.decode()


def test_ready_says_no_when_a_migration_is_missing(caller, own_checks, owner_connection):
    row = owner_connection.execute(
        "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations)"
        " RETURNING app, name, applied"
    ).fetchone()

    try:
        response = caller.get("/healthz/ready")
    finally:
        owner_connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", row
        )

    assert response.status_code == 503
    assert response.json()["checks"]["postgres"] == {"state": "migrations-missing", "missing": 1}


def test_ready_walks_away_from_a_check_that_hangs(caller, own_checks, monkeypatch):
    import threading

    release = threading.Event()
    monkeypatch.setattr(health, "DEADLINE", 0.05)
    register_check("frozen", lambda: {"waited": release.wait(60)}, required=True)

    response = caller.get("/healthz/ready")

    release.set()
    assert response.status_code == 503
    assert response.json()["checks"]["frozen"] == {"state": "no-answer"}


def test_ready_tells_what_an_app_registered(caller, own_checks):
    register_check("relay", lambda: {"age_seconds": 3})

    assert caller.get("/healthz/ready").json()["checks"]["relay"] == {"state": "ok", "age_seconds": 3}


def test_metrics_are_not_there_for_strangers(caller):
    assert caller.get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404
    assert caller.get("/metrics", headers={"x-forwarded-for": "127.0.0.1"}).status_code == 404


def test_metrics_open_by_token(caller):
    with override_settings(METRICS_TOKEN="a-long-token"):
        allowed = caller.get(
            "/metrics", REMOTE_ADDR="203.0.113.9", headers={"authorization": "Bearer a-long-token"}
        )
        refused = caller.get("/metrics", REMOTE_ADDR="203.0.113.9", headers={"authorization": "Bearer other"})

    assert (allowed.status_code, refused.status_code) == (200, 404)


@pytest.fixture
def own_questions(monkeypatch):
    """What a test asks of every scrape, it takes back."""
    monkeypatch.setattr(metrics, "_questions", {})


def test_metrics_show_counts_times_and_answers(caller, own_questions):
    counter("test_things_total", "Things.", ("code",)).inc(code="slot-full")
    histogram("test_seconds", "Seconds.", ("queue",)).observe(0.03, queue="labs.critical")
    collect("test_ages", "Ages.", label="queue", ask=lambda: {"labs.critical": 12.5})

    text = caller.get("/metrics").content.decode()

    assert 'test_things_total{code="slot-full"} 1.0' in text
    assert 'test_seconds_bucket{le="0.04",queue="labs.critical"} 1.0' in text
    assert 'test_ages{queue="labs.critical"} 12.5' in text


def test_metrics_show_the_rest_when_one_question_fails(caller, own_questions):
    def broken() -> dict[str, float]:
        raise ValueError

    collect("test_broken", "Never answers.", label="queue", ask=broken)

    caller.get("/nowhere")
    first, second = caller.get("/metrics"), caller.get("/metrics")

    assert first.status_code == 200
    assert 'steadwell_request_seconds_count{method="GET",route="unmatched"' in first.content.decode()
    assert 'questions_failed_total{kind="test_broken"}' in second.content.decode()


def test_metric_refuses_a_label_for_a_person():
    with pytest.raises(LabelRefused):
        counter("test_persons_total", "Persons.", ("person_id",))


def test_metric_never_shows_a_value_that_is_no_code(caller):
    counter("test_codes_total", "Codes.", ("code",)).inc(code="Quill Feather")

    text = caller.get("/metrics").content.decode()

    assert 'test_codes_total{code="refused-value"} 1.0' in text
    assert "Quill" not in text
