"""Django settings, from environment variables (docs/operating.md). Nothing else configures Tickmark."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONCE, NONE, SELF

from tickmark.kernel import secrets


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise SystemExit(f"TICKMARK_PORT is '{text}', which is no port: give a number from 1 to 65535.")
    return int(text)


def _size(name: str, default: str) -> int:
    """A number of bytes, such as `500M` or `2G`."""
    text = (os.environ.get(name) or default).strip().upper()
    number, unit = text.rstrip("KMGB "), text.lstrip("0123456789").strip().removesuffix("B")
    shift = {"": 0, "K": 10, "M": 20, "G": 30}.get(unit)
    if not number.isdigit() or shift is None or not int(number):
        raise SystemExit(f"{name} is '{text}', which is no size: give bytes, or a number with K, M or G.")
    return int(number) << shift


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
FILE_UPLOAD_HANDLERS = ["tickmark.kernel.incoming.LimitedUpload"]
UPLOAD_LIMIT = _size("TICKMARK_UPLOAD_LIMIT", "1G")
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

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
