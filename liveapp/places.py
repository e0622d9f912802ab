"""The directories that this project writes to: below LIVEAPP_HOME, or .liveburst/liveapp."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = Path(os.environ.get("LIVEAPP_HOME") or ROOT / ".liveburst" / "liveapp").resolve()
DATABASE = HOME / "liveapp.sqlite3"
UPLOADS = HOME / "uploads"
MESSAGES = HOME / "messages"  # of Celery, without Redis
RESULTS = HOME / "results"  # of its tasks, likewise


def make() -> None:
    """Create the missing directories, for their owner alone."""
    for directory in (HOME, UPLOADS, MESSAGES, RESULTS):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
