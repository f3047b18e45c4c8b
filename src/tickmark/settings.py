"""Django settings, from the environment variables of docs/operating.md. Nothing else configures Tickmark."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF

from tickmark.kernel import logs, secrets


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise SystemExit(f"TICKMARK_PORT is '{text}', which is no port: give a number from 1 to 65535.")
    return int(text)


def _log(form: str) -> str:
    if form not in logs.FORMS:
        raise SystemExit(f"TICKMARK_LOG is '{form}': give one of {', '.join(logs.FORMS)}.")
    return form


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
LISTEN = os.environ.get("TICKMARK_LISTEN") or "127.0.0.1"
PORT = _port(os.environ.get("TICKMARK_PORT") or "8000")
DEMO = (HOME / "demo.json").exists()
ADDRESS = os.environ.get("TICKMARK_ADDRESS") or f"http://localhost:{PORT}"
HTTPS = ADDRESS.startswith("https:")
OIDC_ISSUER = (os.environ.get("TICKMARK_OIDC") or "").rstrip("/")


def _proxies(text: str) -> int:
    if not text.isdigit() or int(text) > 9:
        raise SystemExit(f"TICKMARK_PROXIES is '{text}': give how many proxies stand in front, such as 1.")
    return int(text)


def _oidc(issuer: str) -> dict[str, Any]:
    """The identity provider of the company's side, as the login library takes it; empty without one."""
    if not issuer:
        return {}
    client, parts = os.environ.get("TICKMARK_OIDC_CLIENT") or "", urlsplit(issuer)
    if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1"}:
        raise SystemExit(
            "TICKMARK_OIDC must be an https:// address: whoever can change its answers can sign in."
        )
    secret = os.environ.get("TICKMARK_OIDC_SECRET") or secrets.given("oidc", HOME)
    if not client or not secret:
        raise SystemExit(
            "TICKMARK_OIDC names a provider, but TICKMARK_OIDC_CLIENT or its secret is missing. "
            "Put the secret into the file secrets/oidc of the home, or into TICKMARK_OIDC_SECRET."
        )
    name = os.environ.get("TICKMARK_OIDC_NAME") or "your company's account"
    settings = {"server_url": issuer, "oauth_pkce_enabled": True}
    app = {
        "provider_id": "company",
        "name": name,
        "client_id": client,
        "secret": secret,
        "settings": settings,
    }
    return {"openid_connect": {"APPS": [app]}}


def _database(url: str | None) -> dict[str, Any]:
    if not url:
        return {
            "ENGINE": "tickmark.kernel.sqlite",
            "NAME": HOME / "books.sqlite3",
            "TEST": {"NAME": ":memory:"},  # as it is by itself for the engine that Django names
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
        # a server that is cut off without a word is noticed within half a minute, not after hours
        "OPTIONS": {
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20000,
        },
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
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "tickmark.kernel",
    *(f"tickmark.{step}" for step in STEPS),
]
MIDDLEWARE = [
    "tickmark.web.observing.ObservingMiddleware",  # first: it sees how every request ends
    "tickmark.web.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
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
PASSWORD_RESET_TIMEOUT = 60 * 60
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_ADAPTER = "tickmark.web.accounts.Adapter"
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reset_password": "10/m/ip,3/10m/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "5/m/user",
    "confirm_email": "1/3m/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = _proxies(os.environ.get("TICKMARK_PROXIES") or "0")
SOCIALACCOUNT_ADAPTER = "tickmark.web.accounts.ProviderAdapter"
SOCIALACCOUNT_PROVIDERS = _oidc(OIDC_ISSUER)
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = "oidc"
MFA_ADAPTER = "tickmark.web.accounts.FactorAdapter"
MFA_TOTP_ISSUER = "Tickmark"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = urlsplit(ADDRESS).hostname == "localhost"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "tickmark.people.passwords.OwnWords"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
DATA_UPLOAD_MAX_NUMBER_FILES = 1000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["tickmark.kernel.incoming.LimitedUpload"]
UPLOAD_LIMIT = _size("TICKMARK_UPLOAD_LIMIT", "1G")
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
OUTGOING_HOSTS = tuple((os.environ.get("TICKMARK_OUTGOING") or "").lower().replace(",", " ").split())
"""The hosts that an address typed by somebody may name, a leading dot for all below one; empty for any."""
OUTGOING_LOOPBACK = False
"""Tests alone set it: their webhook target listens on 127.0.0.1. No environment variable reaches it."""

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",  # attempts count over all processes
        "LOCATION": "kernel_cached",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # the default of 300 would let a flood push counts out
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_HOST = "__Host-" if HTTPS else ""  # a browser takes such a cookie only from this very host, over TLS
SESSION_COOKIE_AGE = 12 * 60 * 60  # since it was last used; SESSION_DAYS since the sign-in
SESSION_DAYS = 7
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = f"{_HOST}tickmark_{PORT}"
CSRF_COOKIE_NAME = f"{_HOST}tickmark_csrf_{PORT}"
CSRF_FAILURE_VIEW = "tickmark.web.errors.expired"
_ISSUER = ["{0.scheme}://{0.netloc}".format(urlsplit(OIDC_ISSUER))] if OIDC_ISSUER else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF, *_ISSUER],  # the sign-in form is led on to the provider
        "frame-ancestors": [NONE],
    }
}
LOGGING = logs.logging_of(_log(os.environ.get("TICKMARK_LOG") or "text"))
