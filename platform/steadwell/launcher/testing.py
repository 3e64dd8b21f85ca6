"""``python3 manage.py test``: pytest with its own Postgres and Valkey, started for this run and gone after it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from steadwell.launcher import embedded

ROOT = Path(__file__).resolve().parents[3]


def run(arguments: list[str]) -> int:
    """Start the services, migrate the template once, run pytest with the arguments, stop. Returns pytest's status."""
    folder = Path(tempfile.mkdtemp(prefix="sw-"))
    folder.chmod(0o755)
    services = embedded.start(folder / "data", folder, durable=False)
    try:
        os.environ.update(
            DATABASE_URL=services.database_url,
            DATABASE_OWNER_URL=services.database_owner_url,
            REDIS_URL=services.redis_url,
            DJANGO_SETTINGS_MODULE="steadwell.config.settings.test",
            PYTHONPATH=f"{ROOT}:{ROOT / 'platform'}",
        )
        migrate = {**os.environ, "DATABASE_URL": services.database_owner_url}
        subprocess.run(  # noqa: S603
            [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"], env=migrate, check=True
        )
        return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode  # noqa: S603
    finally:
        services.stop()
        shutil.rmtree(folder, ignore_errors=True)
