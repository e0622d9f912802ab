"""Settings of the project under load. Runs in the target processes only."""

import os

DEBUG = False  # a measured application is never in debug mode
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

# Nothing here is signed or kept: no session, no login, no form.
SECRET_KEY = os.environ.get("LIVEAPP_SECRET_KEY", "nothing in liveapp is secret")

ROOT_URLCONF = "liveapp.urls"
WSGI_APPLICATION = "liveapp.wsgi.application"
ASGI_APPLICATION = "liveapp.asgi.application"

INSTALLED_APPS: list[str] = []

# No middleware: these scenarios are about the view. Under ASGI each of Django's default
# seven costs a sync view's thread hop or two of its own, and would be measured with it.
MIDDLEWARE: list[str] = []

DATABASES: dict[str, dict[str, str]] = {}  # no scenario needs one yet

USE_TZ = True
