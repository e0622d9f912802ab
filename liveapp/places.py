"""Where this project writes: beside manage.py, with the laboratory's own state, or LIVEAPP_HOME."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOME = Path(os.environ.get("LIVEAPP_HOME") or ROOT / ".liveburst" / "liveapp").resolve()
UPLOADS = HOME / "uploads"
MESSAGES = HOME / "messages"  # of Celery, where no Redis is named
RESULTS = HOME / "results"  # of its tasks, likewise


def make() -> None:
    """Make the directories that are not there, for their owner alone."""
    for directory in (HOME, UPLOADS, MESSAGES, RESULTS):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
