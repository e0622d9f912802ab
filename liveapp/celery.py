"""The queue for what is too heavy for a view.

    python -m celery --app liveapp.celery worker

Its settings are those of `settings.py` that begin with CELERY.
"""

import os
import sys
from typing import Any

from celery import Celery  # type: ignore[import-untyped]
from celery.signals import worker_shutdown  # type: ignore[import-untyped]

from . import broker  # noqa: F401 - makes the scheme of the broker's URL known

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liveapp.settings")

app = Celery("liveapp", include=["liveapp.tasks"])
app.config_from_object("django.conf:settings", namespace="CELERY")


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def end_at_once(**_: Any) -> None:
    """Everything has been stopped by now, but for a thread that would sleep out its second."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
