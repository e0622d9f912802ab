"""The Celery application, for work that is too slow for a view.

    python -m celery --app liveapp.celery worker

Its settings are those in `settings.py` that begin with CELERY.
"""

import os
import sys
from typing import Any

from celery import Celery  # type: ignore[import-untyped]
from celery.signals import worker_shutdown  # type: ignore[import-untyped]

from . import broker  # noqa: F401 - registers the scheme of the broker's URL

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveapp.settings")

app = Celery("liveapp", include=["liveapp.tasks"])
app.config_from_object("django.conf:settings", namespace="CELERY")


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def end_at_once(**_: Any) -> None:
    """End the process: everything is stopped but a thread that would sleep for a second."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
