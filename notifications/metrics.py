"""What the clinic would count about telling people. Labels are codes."""

from __future__ import annotations

from steadwell.observability import service as observability

ended = observability.counter(
    "notifications_messages_total",
    "E-mail messages whose sending ended, by outcome: accepted, delivered, failed, expired.",
    ("template", "outcome"),
)
latency = observability.histogram(
    "notifications_hand_over_seconds",
    "Seconds from telling somebody to the provider's acceptance.",
    ("template",),
    buckets=observability.JOURNEY_BUCKETS,
)
missed_actions = observability.counter(
    "notifications_missed_actions_total",
    "Patient actions that did not end in time, by outcome: told, failed.",
    ("kind", "outcome"),
)
invited = observability.counter(
    "notifications_invited_total", "People whom campaigns told, by outcome: told, failed.", ("outcome",)
)
