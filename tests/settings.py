"""The dashboard's settings, with its state where a test run may leave it."""

from __future__ import annotations

# Before the dashboard's settings, which ask for it.
from tests.homes import HOME  # isort: skip

from dashboard.settings import *  # noqa: F403
from dashboard.settings import DATABASES

# A file and not memory: threads, processes and WAL behave as they do for a person.
DATABASES["default"]["TEST"] = {"NAME": f"{HOME}/test.sqlite3"}
