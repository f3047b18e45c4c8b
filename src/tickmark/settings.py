"""Django settings, from seven environment variables (docs/operating.md). Nothing else configures Tickmark."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF

from tickmark.kernel import secrets


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise SystemExit(f"TICKMARK_PORT is '{text}', which is no port: give a number from 1 to 65535.")
    return int(text)


HOME = Path(os.environ.get("TICKMARK_HOME") or Path.home() / ".tickmark").expanduser().absolute()
HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
FILES_URL = os.environ.get("TICKMARK_FILES") or (HOME / "files").as_uri()
PORT = _port(os.environ.get("TICKMARK_PORT") or "8000")
DEMO = (HOME / "demo.json").exists()
ADDRESS = os.environ.get("TICKMARK_ADDRESS") or f"http://localhost:{PORT}"


def _database(url: str | None) -> dict[str, Any]:
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": HOME / "books.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
                    "PRAGMA recursive_triggers=ON;"  # else INSERT OR REPLACE deletes past the triggers
                ),
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise SystemExit(
            f"TICKMARK_DATABASE has the scheme '{parts.scheme}', which no test runs. "
            "Leave it empty for SQLite, or give postgresql://user:password@host:port/name."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _mail(url: str) -> dict[str, Any]:
    """The mail server of `smtp://user:password@host:port?tls=starttls` or `smtps://…`; nothing for `console`."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    starttls, implicit = query.get("tls") == ["starttls"], parts.scheme == "smtps"
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or query.keys() - {"tls", "from"}:
        raise SystemExit(
            "TICKMARK_MAIL cannot be read. Leave it at 'console', or give "
            "smtp://user:password@host:587?tls=starttls or smtps://user:password@host:465, "
            "with &from=tickmark@company.example if mail comes from another address."
        )
    if parts.password and not (starttls or implicit or local):
        raise SystemExit(
            "TICKMARK_MAIL would send its password unprotected: add ?tls=starttls, or use smtps://."
        )
    if ("tls" in query and not starttls) or (starttls and implicit):
        raise SystemExit(
            "TICKMARK_MAIL takes ?tls=starttls with smtp:// alone; smtps:// has TLS from the start."
        )
    user = unquote(parts.username or "")
    return {
        "host": parts.hostname,
        "port": parts.port or (465 if implicit else 587 if starttls else 25),
        "user": user,
        "password": unquote(parts.password or ""),
        "starttls": starttls,
        "implicit": implicit,
        "from": query.get("from", [user if "@" in user else ""])[0],
    }


DATABASES = {"default": _database(os.environ.get("TICKMARK_DATABASE"))}
SECRET_KEY = secrets.keep("django", HOME)
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver", urlsplit(ADDRESS).hostname or "localhost"]
CSRF_TRUSTED_ORIGINS = [ADDRESS]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tickmark.urls"
AUTH_USER_MODEL = "people.User"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
APPEND_SLASH = True

STEPS = ("people", "scope", "controls", "evidence", "readiness", "audit", "report", "upkeep")
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "template_partials",
    "django_htmx",
    "csp",
    "tickmark.web",  # before allauth: its pages wear the look of ours
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "ninja",
    "tickmark.kernel",
    *(f"tickmark.{step}" for step in STEPS),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tickmark.web.middleware.ActorMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tickmark.web.shell.shell",
            ],
            "builtins": ["template_partials.templatetags.partials"],
        },
    }
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "tickmark.web.accounts.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = urlsplit(ADDRESS).hostname == "localhost"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
MAIL = os.environ.get("TICKMARK_MAIL") or "console"
_server = {} if DEMO or MAIL == "console" else _mail(MAIL)
MAIL_SERVER = f"{_server['host']}:{_server['port']}" if _server else ""
"""Where mail goes, as pages name it; empty while it is only written to the terminal. A demo home has no other way."""
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _server else 'console'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = _server.get("host", "localhost"), _server.get("port", 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _server.get("user", ""), _server.get("password", "")
EMAIL_USE_TLS, EMAIL_USE_SSL = _server.get("starttls", False), _server.get("implicit", False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = _server.get("from") or f"tickmark@{urlsplit(ADDRESS).hostname or 'localhost'}"
OUTGOING_LOOPBACK = False
"""Tests alone set it: their webhook target listens on 127.0.0.1. No environment variable reaches it."""

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ADDRESS.startswith("https:")
SESSION_COOKIE_NAME = f"tickmark_{PORT}"
CSRF_COOKIE_NAME = f"tickmark_csrf_{PORT}"
CSRF_FAILURE_VIEW = "tickmark.web.errors.expired"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
