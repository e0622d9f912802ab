"""Settings of the project under load. Runs in the target processes only."""

import os

from . import places
from .databases import databases

places.make()

DEBUG = False  # a measured application is never in debug mode
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

# Nothing is signed: no view has a session, a login or a form.
SECRET_KEY = os.environ.get("LIVEAPP_SECRET_KEY", "nothing in liveapp is secret")

ROOT_URLCONF = "liveapp.urls"
WSGI_APPLICATION = "liveapp.wsgi.application"
ASGI_APPLICATION = "liveapp.asgi.application"

# Django's authentication middleware needs its two applications (scenario `middleware`).
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "liveapp"]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"  # needs no table

# No middleware: these scenarios are about the view. Under ASGI each of Django's default
# seven costs a sync view's thread hop or two of its own, and would be measured with it.
MIDDLEWARE: list[str] = []

DATABASES = databases(os.environ.get("LIVEAPP_DATABASE_URL", ""), places.DATABASE)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True

FILE_UPLOAD_TEMP_DIR = places.UPLOADS  # of uploads while they are received

# The queue: Redis if REDIS_URL is set, otherwise files. There a worker polls for messages fifty
# times per second; with the default, once per second, it would seem a second slow.
REDIS_URL = os.environ.get("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or "files://"
CELERY_RESULT_BACKEND = REDIS_URL or f"file://{places.RESULTS}"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {}
    if REDIS_URL
    else {
        "data_folder_in": str(places.MESSAGES),
        "data_folder_out": str(places.MESSAGES),
        "control_folder": str(places.MESSAGES / "control"),
        "polling_interval": 0.02,
    }
)
# A Redis that is down is reported within seconds instead of after twenty.
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"retry_policy": {"max_retries": 2}}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2}
CELERY_RESULT_EXPIRES = 600  # seconds; a fetched result is deleted at once
CELERY_TASK_IGNORE_RESULT = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
