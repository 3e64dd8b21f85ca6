"""Production. It refuses to start on anything unsafe and names the variable: steadwell.config.production."""

from __future__ import annotations

from steadwell.config import env, production, providers
from steadwell.config.settings.base import *  # noqa: F403
from steadwell.config.settings.base import (
    APP_DATABASE_ROLE,
    DATABASE_POOL,
    METRICS_TOKEN,
    NOTIFICATION_PROVIDERS,
    OAUTH2_PROVIDER,
    OIDC_PRIVATE_KEY,
    database,
)

production.switched_off("DEBUG", env.flag("DEBUG"), "it shows source and values to strangers")
production.switched_off("DEMO", env.flag("DEMO"), "the demo signs anybody in")
DEBUG = False
DEMO = False

SECRET_KEY = production.secret("SECRET_KEY", env.text("SECRET_KEY"), shortest=production.SHORTEST_KEY)
SECRET_KEY_FALLBACKS = [
    production.secret("SECRET_KEY_FALLBACKS", key, shortest=production.SHORTEST_KEY)
    for key in env.words("SECRET_KEY_FALLBACKS")
]
AUDIT_SEAL_KEY = production.secret(
    "AUDIT_SEAL_KEY", env.text("AUDIT_SEAL_KEY"), shortest=production.SHORTEST_KEY
)
if METRICS_TOKEN:
    production.secret("METRICS_TOKEN", METRICS_TOKEN, shortest=production.SHORTEST_PASSWORD)

# The migration job alone signs in as the owner of the tables.
DATABASES = {
    "default": database(
        production.database_url(
            "DATABASE_URL",
            env.text("DATABASE_URL"),
            password=env.text("DATABASE_PASSWORD", ""),
            role="" if env.flag("RUN_AS_OWNER") else APP_DATABASE_ROLE,
        ),
        pool=DATABASE_POOL,
    )
}
CELERY_BROKER_URL = production.broker_url(
    "REDIS_URL", env.text("REDIS_URL"), password=env.text("REDIS_PASSWORD", "")
)

ALLOWED_HOSTS = production.hosts("ALLOWED_HOSTS", env.words("ALLOWED_HOSTS"))
PUBLIC_URL = production.public_url("PUBLIC_URL", env.text("PUBLIC_URL"), allowed=ALLOWED_HOSTS)
OAUTH2_PROVIDER = {
    **OAUTH2_PROVIDER,
    "OIDC_RSA_PRIVATE_KEY": production.signing_key("OIDC_PRIVATE_KEY", OIDC_PRIVATE_KEY),
    "OIDC_ISS_ENDPOINT": f"{PUBLIC_URL}/oauth",
}

# Mail. Its password may be missing: some relays know their senders by address.
EMAIL_HOST = production.mail_host("EMAIL_HOST", env.text("EMAIL_HOST"))
EMAIL_PORT = env.number("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = production.sender("DEFAULT_FROM_EMAIL", env.text("DEFAULT_FROM_EMAIL"))
SERVER_EMAIL = DEFAULT_FROM_EMAIL

NOTIFICATION_PROVIDERS = providers.safe(NOTIFICATION_PROVIDERS)
REPORTS_URL = env.text("REPORTS_URL", PUBLIC_URL).rstrip("/")

# TLS ends at a proxy. Headers count only from as many proxies as are said to stand before us.
TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 0)
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
LANGUAGE_COOKIE_SECURE = True

LOG_STYLE = env.choice("LOG_STYLE", ("json", "keyvalue"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "steadwell.portal.static_files.PortalStaticFiles"},
}
