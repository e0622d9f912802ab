"""`python -m liveapp.prepare`: the set-up command, without Django where there is nothing to do."""

import os

from . import places
from .prepared import is_prepared, tidy


def main() -> None:
    """Create what is missing: directories, the database, its tables and rows."""
    if not os.environ.get("LIVEAPP_DATABASE_URL") and is_prepared(places.DATABASE):
        places.make()
        tidy()
        return
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - takes its time

    execute_from_command_line(["django", "prepare"])


if __name__ == "__main__":
    main()
