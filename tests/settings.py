"""The dashboard's settings, with its state where a test run may leave it."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("LIVEBURST_HOME", tempfile.mkdtemp(prefix="liveburst-tests-"))
# The project under load keeps its own state; what the tests start shares one database of it.
os.environ.setdefault("LIVEAPP_HOME", os.path.join(os.environ["LIVEBURST_HOME"], "liveapp"))  # noqa: PTH118

from dashboard.settings import *  # noqa: F403
from dashboard.settings import DATABASES

# A file and not memory: threads, processes and WAL behave as they do for a person.
DATABASES["default"]["TEST"] = {"NAME": os.path.join(os.environ["LIVEBURST_HOME"], "test.sqlite3")}  # noqa: PTH118
