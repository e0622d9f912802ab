"""`python -m dashboard.engine`: with --url one firing by itself, without it a child."""

from __future__ import annotations

import resource
import sys

import uvloop

from .alone import fire_alone, parser
from .child import serve


def main() -> int:
    """Returns the exit status."""
    _raise_descriptor_limit()
    made = parser()
    options = made.parse_args()
    if options.url:
        return fire_alone(made, options)
    uvloop.run(serve())
    return 0


def _raise_descriptor_limit() -> None:
    """A connection is a descriptor; take as many as we may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    sys.exit(main())
