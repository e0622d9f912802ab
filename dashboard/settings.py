"""The dashboard's settings: a tool for one user on one machine, safe by default.

What depends on `EXPOSURE` is of a dashboard that is exposed on purpose (docs/exposed.md).
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from dashboard.state.home import DATABASE, FILES, LOG, ROOT, home
from dashboard.state.secret_key import settings_key

from .web.access.exposure import Exposure

SECRET_KEY = settings_key()
DEBUG = False

EXPOSURE = Exposure.of(os.environ)

# The Host and Origin headers are checked against it. `web.access` admits users.
ALLOWED_HOSTS = EXPOSURE.allowed_hosts
CSRF_TRUSTED_ORIGINS = list(EXPOSURE.origins)
FORCE_SCRIPT_NAME = EXPOSURE.prefix or None

INSTALLED_APPS = [
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "dashboard",
]
MIDDLEWARE = [
    "dashboard.web.shared.cache_control.not_cached",
    "dashboard.web.serving.compressed_pages.compressed_pages",
    "django.middleware.security.SecurityMiddleware",
    *(["django.contrib.sessions.middleware.SessionMiddleware"] if EXPOSURE.exposed else []),
    "csp.middleware.CSPMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "dashboard.urls"
ASGI_APPLICATION = "dashboard.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [FILES / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "dashboard.web.access.roles.for_templates",
            ]
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": home() / DATABASE,
        "OPTIONS": {
            # Page and terminal write to one file: readers never wait, writers take turns.
            # The log of writes is cut to 64 MB when it is emptied, however long it was.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            " PRAGMA journal_size_limit=67108864;",
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = f"{EXPOSURE.prefix}/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "dashboard.web.serving.static_files.PageFiles"},
}
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
# The sources, for a repository in which no current bundle is built; a wheel has only the bundle.
STATICFILES_DIRS: list[Path | tuple[str, Path]] = (
    [
        FILES / "static",
        # Third-party JavaScript comes from npm and is never copied into the repository.
        ("htmx.org", FILES / "node_modules" / "htmx.org" / "dist"),
    ]
    if FILES == ROOT
    else []
)

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
CSRF_FAILURE_VIEW = "dashboard.web.shared.errors.csrf_failure"
CSRF_COOKIE_SAMESITE = "Strict"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Users are ours, of Django's base class: its application `auth` would add permissions and groups,
# and 14 migrations to every first start.
AUTH_USER_MODEL = "dashboard.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["name"], "max_similarity": 0.5},
    },
]
SESSION_COOKIE_AGE = 12 * 3600
if EXPOSURE.exposed:
    # Browsers accept a cookie with `__Host-` from this host alone, encrypted, and for all of it.
    _whole_host = "" if EXPOSURE.prefix else "__Host-"
    # Several dashboards of one host would otherwise overwrite each other's.
    _installation = hashlib.sha256(SECRET_KEY.encode()).hexdigest()[:8]
    SESSION_COOKIE_NAME = f"{_whole_host}liveburst-session-{_installation}"
    SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{EXPOSURE.prefix}/"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = True
    CSRF_COOKIE_NAME = f"{_whole_host}csrftoken"
    # Of a host that is shared below a path its proxy decides. On others it binds this host alone:
    # whether it binds hosts below it (W005), or all browsers forever (W021), is its owner's matter.
    SECURE_HSTS_SECONDS = 0 if EXPOSURE.prefix else 7 * 24 * 3600
    SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
    if EXPOSURE.prefix:
        SILENCED_SYSTEM_CHECKS.append("security.W004")

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "file": {
            "class": "dashboard.state.log_file.LogFile",
            "filename": home() / LOG,
            "maxBytes": 2_000_000,
            "backupCount": 2,
            "delay": True,
            "formatter": "plain",
        }
    },
    "root": {"handlers": ["file"], "level": "INFO"},
}
