"""The dashboard's settings: a tool for one user on one machine, safe by default."""

from __future__ import annotations

from pathlib import Path

from .home import DATABASE, FILES, LOG, ROOT, home
from .secret_key import settings_key

SECRET_KEY = settings_key()
DEBUG = False

# Loopback only; the Host and Origin headers are checked against it. `web.access` admits users.
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "channels",
    "django_htmx",
    "dashboard",
]
MIDDLEWARE = [
    "dashboard.web.shared.cache_control.not_cached",
    "django.middleware.security.SecurityMiddleware",
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
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
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

STATIC_URL = "/static/"
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

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "file": {
            "class": "dashboard.log_file.LogFile",
            "filename": home() / LOG,
            "maxBytes": 2_000_000,
            "backupCount": 2,
            "delay": True,
            "formatter": "plain",
        }
    },
    "root": {"handlers": ["file"], "level": "INFO"},
}
