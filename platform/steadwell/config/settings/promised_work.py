"""Queues, workers and the outbox (DESIGN 5)."""

from __future__ import annotations

from steadwell.config import env
from steadwell.config.queues import QUEUES

# Celery. Only the relay sends, with a time-out of one second of its own. A worker's socket waits longer: one
# acknowledgement that failed would count against its prefetch limit for ever (ADR 0013).
CELERY_BROKER_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_QUEUES = {name: {"exchange": name, "routing_key": name} for name in QUEUES}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": float(env.number("WORKER_SOCKET_TIMEOUT_SECONDS", 30)),
    "socket_connect_timeout": 1.0,
    "max_retries": 0,
    "visibility_timeout": 3600,
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
WORKER_STALL_SECONDS = env.number("WORKER_STALL_SECONDS", 15)  # idle beside waiting messages: it ends
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_DB_REUSE_MAX = 10_000  # else a worker reconnects to Postgres after every task

# The outbox. Seconds; tests shorten them.
# Handed to Valkey and not begun: then it is handed over again.
OUTBOX_LEASE_SECONDS = env.number("OUTBOX_LEASE_SECONDS", 30)
# Begun and not ended: then its process is lost.
OUTBOX_RUN_LEASE_SECONDS = env.number("OUTBOX_RUN_LEASE_SECONDS", 60)
OUTBOX_BACK_OFF_SECONDS = env.number("OUTBOX_BACK_OFF_SECONDS", 5)
OUTBOX_LONGEST_BACK_OFF_SECONDS = 3600
# Deliveries on their way in one queue: what a flush costs, and what an urgent one may be behind.
OUTBOX_QUEUE_CAP = 200
OUTBOX_MESSAGE_SIZE = 10  # deliveries in one Celery message
OUTBOX_BATCH_SIZE = 50  # of a consumer that does several in one transaction
OUTBOX_PAUSE_SECONDS = 0.015  # between two hand-overs: what is told meanwhile travels together
OUTBOX_GATHER_SECONDS = 0.06  # a queue that is at work gets what has waited that long
# What is urgent is retried in its own lane: behind the retries of a campaign it would be late.
OUTBOX_RETRY_QUEUES = {
    "notifications.standard": "notifications.retry",
    "notifications.bulk": "notifications.retry",
}
