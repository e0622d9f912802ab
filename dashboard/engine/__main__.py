"""`python -m dashboard.engine`: with options one firing by itself, between pipes a child."""

from __future__ import annotations

import os
import resource
import stat
import sys
from contextlib import suppress

import uvloop

from .alone import fire_alone
from .child import serve

BAD_USAGE = 2


def main() -> int:
    """Returns the exit status."""
    _raise_descriptor_limit()
    arguments = sys.argv[1:]
    # Without pipes there is nobody to obey: whoever called it is told what options there are.
    if arguments or not (_is_pipe(sys.stdin.fileno()) and _is_pipe(sys.stdout.fileno())):
        return fire_alone(arguments)
    complaint = uvloop.run(serve())
    if complaint:
        print(complaint, file=sys.stderr)
    return BAD_USAGE if complaint else 0


def _is_pipe(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _raise_descriptor_limit() -> None:
    """A connection is a descriptor; take as many as we may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS calls "unlimited" what it does not allow
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    sys.exit(main())
