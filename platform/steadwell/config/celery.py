"""The Celery application. Postgres is the ledger; Celery only carries ids to the hands that do the work."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, signals
from kombu import Connection
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "steadwell.config.settings.dev")

app = Celery("steadwell")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def errors_of(broker: Connection) -> tuple[type[BaseException], ...]:
    """What a broker that does not answer raises."""
    return (*broker.connection_errors, *broker.channel_errors, OperationalError, OSError)


@signals.worker_ready.connect
def _watch_worker(sender: Any, **_: object) -> None:
    from steadwell.config import worker

    worker.start_watching(sender.app)
