"""The queue for what is too heavy for a view.

    python -m celery --app liveapp.celery worker

Its settings are those of `settings.py` that begin with CELERY.
"""

import os

from celery import Celery  # type: ignore[import-untyped]

from . import broker  # noqa: F401 - makes the scheme of the broker's URL known

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveapp.settings")

app = Celery("liveapp", include=["liveapp.tasks"])
app.config_from_object("django.conf:settings", namespace="CELERY")
