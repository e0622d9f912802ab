"""`python -m dashboard.engine`: fires once if given options; between two pipes it is a child."""

from __future__ import annotations

import os
import stat
import sys

import uvloop

from dashboard.engine.cli.standalone import fire_alone
from dashboard.engine.runtime.child import serve
from dashboard.engine.runtime.descriptors import raise_limit

BAD_USAGE = 2


def main() -> int:
    """Return the exit status."""
    raise_limit()
    arguments = sys.argv[1:]
    # Without options and without pipes it was started by hand: the options are printed.
    if arguments or not (_is_pipe(sys.stdin.fileno()) and _is_pipe(sys.stdout.fileno())):
        return fire_alone(arguments)
    error = uvloop.run(serve())
    if error:
        print(error, file=sys.stderr)
    return BAD_USAGE if error else 0


def _is_pipe(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


if __name__ == "__main__":
    sys.exit(main())
