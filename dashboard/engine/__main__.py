"""`python -m dashboard.engine`: fires once if given options; between two pipes it is a child."""

from __future__ import annotations

import os
import stat
import sys

from dashboard.interrupts import end_at_once

BAD_USAGE = 2


def main() -> int:
    """Return the exit status. Ctrl-C is handled before the imports, which take time."""
    end_at_once()
    import uvloop  # noqa: PLC0415

    from dashboard.engine.cli.standalone import fire_alone  # noqa: PLC0415
    from dashboard.engine.runtime.child import serve  # noqa: PLC0415
    from dashboard.engine.runtime.descriptors import raise_limit  # noqa: PLC0415

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
