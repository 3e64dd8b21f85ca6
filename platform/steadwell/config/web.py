"""gunicorn's settings: ``gunicorn -c python:steadwell.config.web steadwell.config.wsgi``.

Few threads per worker: four blocking threads measured a p99 of 39 to 76 ms where two gave 12 to 18. More load
is answered by more workers, and a storm by a short wait for the pool and then 503 with Retry-After.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from gunicorn.glogging import Logger

from steadwell.config import env
from steadwell.observability.service import forget_process, get_logger, longest_request_seconds

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

bind = env.text("WEB_BIND", "127.0.0.1:8000")
workers = env.number("WEB_WORKERS", 2)
threads = env.number("WEB_THREADS", 2)
worker_class = "gthread"
backlog = 512  # a storm waits here, in the kernel, and costs nothing
control_socket_disable = True  # nobody steers this from inside the container
keepalive = 65  # longer than a load balancer keeps its side open
timeout = 30
graceful_timeout = 20
stuck_after = env.number("WEB_STUCK_AFTER", 30)  # seconds in one request; pages take milliseconds
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
limit_request_line = 4094
limit_request_fields = 60
forwarded_allow_ips = env.text("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"safe": {"()": "steadwell.observability.service.RecordFormatter"}},
    "handlers": {"safe": {"class": "logging.StreamHandler", "formatter": "safe"}},
    "root": {"handlers": ["safe"], "level": "WARNING"},
    "loggers": {
        "gunicorn.error": {"handlers": ["safe"], "level": "INFO", "propagate": False},
    },
}


class logger_class(Logger):  # type: ignore[misc]  # noqa: N801 - gunicorn's word for it
    """Without gunicorn's access line: it holds the path with its query. Ours is in the middleware."""

    def access(self, *_: object) -> None:
        pass


def post_worker_init(worker: Worker) -> None:
    _fill_pool()
    gc.collect()
    gc.freeze()  # all that was imported stays: looking through it again would hold up every request for long
    threading.Thread(target=_watch, args=(worker,), name="stuck-requests", daemon=True).start()


def child_exit(server: Arbiter, worker: Worker) -> None:
    forget_process(worker.pid)


def _fill_pool() -> None:
    """A database connection for each thread is made now, in the background. A pool that grows when a storm
    comes lets the first to arrive wait for connecting, and some of them for longer than they may.
    """
    from django.db import connection

    if pool := getattr(connection, "pool", None):
        pool.open()
        pool.resize(min(threads + 1, pool.max_size), pool.max_size)


def _watch(worker: Worker) -> None:
    """End this worker when a request hangs: its other threads get their time to finish, then gunicorn starts
    anew.
    """
    while longest_request_seconds() < stuck_after:
        time.sleep(1)
    get_logger(__name__).error("web.request_stuck", seconds=longest_request_seconds(), pid=os.getpid())
    worker.alive = False
    time.sleep(5)
    os.kill(os.getpid(), signal.SIGKILL)
