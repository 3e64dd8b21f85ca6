"""Health and metrics of a process that serves no web: a worker, the relay, the poller.

Only where ``METRICS_PORT`` is set: in containers, where each process is scraped and probed by itself. On one
host all processes share ``PROMETHEUS_MULTIPROC_DIR``, and the web process tells for all.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from django.db import connections

from steadwell.observability import health, logs, metrics

log = logs.get_logger(__name__)

_JSON: Final = "application/json"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/healthz/live":
            self._answer(200, _JSON, b'{"status": "live"}')
        elif self.path == "/healthz/ready":
            is_ready, answers = health.readiness()
            status = "ready" if is_ready else "not-ready"
            body = json.dumps({"status": status, "checks": answers}).encode()
            self._answer(200 if is_ready else 503, _JSON, body)
        elif self.path == "/metrics":
            self._answer(200, metrics.CONTENT_TYPE, metrics.render())
        else:
            self._answer(404, _JSON, b"{}")

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def finish(self) -> None:
        """A scrape asks the database in a thread of its own, which ends with it: so does its connection."""
        connections.close_all()
        super().finish()

    def log_message(self, *_: object) -> None:
        """Probes are not news."""


def serve(port: int, *, address: str = "0.0.0.0") -> ThreadingHTTPServer | None:  # noqa: S104 - the network policy
    """Answer on a thread of its own. A second process in the container finds the port taken and goes on."""
    try:
        server = ThreadingHTTPServer((address, port), _Handler)
    except OSError:
        log.warning("metrics.port_taken", port=port)
        return None
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="machines", daemon=True).start()
    return server
