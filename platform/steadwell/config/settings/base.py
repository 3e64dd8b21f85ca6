"""Settings that hold everywhere. What differs lives in dev, test and prod."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from steadwell.config import env, providers
from steadwell.config.settings.promised_work import *  # noqa: F403
from steadwell.config.settings.signing_in import *  # noqa: F403

ROOT = Path(__file__).resolve().parents[4]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "steadwell.accounts",  # before allauth, whose templates it replaces
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "rest_framework",
    "oauth2_provider",
    "steadwell.observability",
    "steadwell.audit",
    "steadwell.history",
    "steadwell.outbox",
    "steadwell.identity",
    "steadwell.terminology",
    "steadwell.portal",
    "notifications",
    "scheduling",
    "labs",
    "medications",
    "messaging",
    "fhir_facade",
    "steadwell.config.apps.WiringConfig",
]

MIDDLEWARE = [
    "steadwell.observability.middleware.ObservabilityMiddleware",
    "steadwell.portal.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "fhir_facade.server.door.ApiMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "steadwell.accounts.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "steadwell.accounts.middleware.ActorMiddleware",
    "steadwell.accounts.sign_in.doors.DoorMiddleware",
    "steadwell.portal.faults.OutOfReachMiddleware",
    "steadwell.portal.refusals.RefusalMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "steadwell.config.urls"
WSGI_APPLICATION = "steadwell.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "steadwell.portal.shell.context",
            ],
        },
    },
]

# The database pool of one process; storms are answered by waiting briefly, then 503 with Retry-After.
DATABASE_POOL = {"min_size": 1, "max_size": env.number("DATABASE_POOL_SIZE", 8), "timeout": 2.0}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Pages: one renderer for every form, one strict policy for every answer (Django 6's setting name).
FORM_RENDERER = "steadwell.portal.forms.PortalRenderer"
# Nothing by default, then only what the portal itself serves. `data:` images are the admin's own icons.
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "manifest-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
}
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "steadwell.portal.faults.csrf_failure"

# How many proxies of our own append to X-Forwarded-For. With none the header is noise.
TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0)

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [ROOT / "platform/steadwell/portal/locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT: Path | None = Path(env.text("STATIC_ROOT", str(ROOT / "staticfiles")))


def database(url: str, *, pool: dict[str, Any] | None = None) -> dict[str, Any]:
    """One Django database from a ``postgresql://`` address; a socket folder stands in ``?host=``."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise env.Misconfigured("DATABASE_URL must start with postgresql://.")
    query = dict(parse_qsl(parts.query))
    options: dict[str, Any] = {
        # Time limits of every session: without them a storm leaves connections idle in transaction.
        "options": "-c lock_timeout=3s -c statement_timeout=15s -c idle_in_transaction_session_timeout=15s"
        " -c plan_cache_mode=force_generic_plan",
        "connect_timeout": 3,
        # Only cursors of steadwell.prepared prepare. A pooler that hands out a connection per transaction and
        # cannot follow prepared statements needs this off.
        "prepare_threshold": 5 if env.flag("DATABASE_PREPARES", default=True) else None,
    }
    host = query.pop("host", parts.hostname or "")
    options.update(query)
    if pool is not None:
        options["pool"] = pool
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or query.get("port", "")),
        "CONN_MAX_AGE": 0,  # the pool needs it
        "ATOMIC_REQUESTS": False,
        "OPTIONS": options,
    }


# Pharmacy networks: name -> (address, token). Without an address nothing is handed over, and staff are told.
PHARMACY_NETWORKS = {
    "default": (env.text("PHARMACY_URL", ""), env.text("PHARMACY_TOKEN", "")),
}
PHARMACY_TIMEOUT = env.number("PHARMACY_TIMEOUT", 10)  # seconds, of one call
PHARMACY_ANSWER_HOURS = env.number("PHARMACY_ANSWER_HOURS", 4)
PHARMACY_RETRIES = env.number("PHARMACY_RETRIES", 2)  # the same message again, before people are told

# The role that works. It owns nothing: it cannot alter a table, drop a trigger or rewrite an audit row.
APP_DATABASE_ROLE = env.text("APP_DATABASE_ROLE", "steadwell_app")

# What the processes tell about themselves, see steadwell.observability.
RELEASE = env.text("RELEASE", "development")
PROCESS_NAME = env.text("PROCESS_NAME", "web")
LOG_STYLE = env.choice("LOG_STYLE", ("keyvalue", "json"))
LOG_LEVEL = env.choice("LOG_LEVEL", ("INFO", "DEBUG", "WARNING", "ERROR"))
ACCESS_LOG = env.flag("ACCESS_LOG", default=True)
OTEL_EXPORTER_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT", "")
TRACE_SAMPLE_RATIO = env.ratio("TRACE_SAMPLE_RATIO", 1.0)
TRUST_TRACEPARENT = env.flag("TRUST_TRACEPARENT")  # only behind a gateway that sets or strips the header
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
METRICS_PORT = env.number("METRICS_PORT", 0)  # health and metrics of a process that is not the web
METRICS_ASK = env.flag("METRICS_ASK", default=True)  # whether a scrape of this process asks Postgres
METRICS_NETWORKS = [ip_network(each) for each in env.words("METRICS_NETWORKS", "127.0.0.0/8,::1/128")]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"safe": {"()": "steadwell.observability.logs.RecordFormatter"}},
    "handlers": {"safe": {"class": "logging.StreamHandler", "formatter": "safe"}},
    "root": {"handlers": ["safe"], "level": "WARNING"},
    # Django's own set-up would print messages as they are and mail tracebacks with their locals.
    "loggers": {
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.request": {"level": "ERROR"},  # a 404 has its access line
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "gunicorn": {"level": "INFO"},
        "celery": {"level": "INFO"},
    },
}

# Where people reach the portal from outside: the start of every link in a mail.
PUBLIC_URL = env.text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
DEFAULT_FROM_EMAIL = "Steadwell <no-reply@steadwell.example>"
EMAIL_TIMEOUT = 10  # seconds a mail server may be silent
# Seconds for a mail's whole hand-over: less than OUTBOX_RUN_LEASE_SECONDS, or a second attempt would run
# beside the first.
EMAIL_DEADLINE = env.number("EMAIL_DEADLINE", 40)

# Where the FHIR API is reached from outside; empty: wherever a request came in.
FHIR_BASE_URL = env.text("FHIR_BASE_URL", "").rstrip("/")
# Who carries messages outside, see steadwell.config.providers. With none, e-mail leaves by EMAIL_HOST.
NOTIFICATION_PROVIDERS = providers.read(env.words("NOTIFICATION_PROVIDERS"))
# Where providers report deliveries to, when that is not where people reach the portal.
REPORTS_URL = env.text("REPORTS_URL", PUBLIC_URL).rstrip("/")
# Push services that a device may name: to no other address does a push go.
PUSH_SERVICES = env.words(
    "PUSH_SERVICES",
    "fcm.googleapis.com,updates.push.services.mozilla.com,web.push.apple.com,notify.windows.com",
)
# The operator's own safety rule packs, beside the shipped one: one folder each, with public keys in ``keys``.
SAFETY_PACKS_DIR = env.text("SAFETY_PACKS_DIR", "")

# The HL7 listener (fhir_facade.hl7v2). MLLP knows no sign-in: the allow-list in the admin says who may send.
MLLP_HOST = env.text("MLLP_HOST", "127.0.0.1")
MLLP_PORT = env.number("MLLP_PORT", 2575)
MLLP_APPLICATION = env.text("MLLP_APPLICATION", "STEADWELL")  # who answers, where a message names nobody
MLLP_TLS_CERTIFICATE = env.text(
    "MLLP_TLS_CERTIFICATE", ""
)  # PEM files; with none the listener speaks plain TCP
MLLP_TLS_KEY = env.text("MLLP_TLS_KEY", "")
MLLP_TLS_CLIENT_CA = env.text("MLLP_TLS_CLIENT_CA", "")
MLLP_TLS_CLIENT_REQUIRED = env.flag("MLLP_TLS_CLIENT_REQUIRED", default=True)
MLLP_MAX_BYTES = env.number("MLLP_MAX_BYTES", 16 * 2**20)  # of one message; a larger one is refused (AR)
MLLP_IDLE_SECONDS = env.number("MLLP_IDLE_SECONDS", 600)  # between two messages
MLLP_FRAME_SECONDS = env.number("MLLP_FRAME_SECONDS", 30)  # from a message's first byte to its last
MLLP_CONNECTIONS = env.number("MLLP_CONNECTIONS", 200)
MLLP_WRITERS = env.number("MLLP_WRITERS", 2)  # threads that store, each with a database connection

# SMART App Launch (fhir_facade.oauth). Tokens are kept as hashes, codes live a minute, a refresh token is
# worth one use: a second one ends its whole family. The key signs identity tokens: RSA, as PEM.
OIDC_PRIVATE_KEY = env.text("OIDC_PRIVATE_KEY", "")
OAUTH2_PROVIDER = {
    "OAUTH2_VALIDATOR_CLASS": "fhir_facade.oauth.validator.SmartValidator",
    "SCOPES_BACKEND_CLASS": "fhir_facade.oauth.validator.SmartScopes",
    "OIDC_ENABLED": True,
    "OIDC_RSA_PRIVATE_KEY": OIDC_PRIVATE_KEY,
    "OIDC_ISS_ENDPOINT": f"{PUBLIC_URL}/oauth",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "ID_TOKEN_EXPIRE_SECONDS": 3600,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 366 * 24 * 3600,  # the approval ends it sooner
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
}
# Networks of ours that addresses given by others may lead into (fhir_facade.outbound): none but public ones.
OUTBOUND_NETWORKS = [ip_network(each) for each in env.words("OUTBOUND_NETWORKS", "")]

# Where DejaVu Sans lies: letters in a result's PDF that are not of western Europe. Without it they are marks.
RESULT_FONTS = env.text("RESULT_FONTS", "/usr/share/fonts/truetype/dejavu")

# The audit trail's heads are appended here: on another disk or mount than the database's (ADR 0012).
AUDIT_HEADS_FILE = env.text("AUDIT_HEADS_FILE", "")
