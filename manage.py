#!/usr/bin/env python
"""The terminal's way in: `lab`, `burst`, `export` and Django's own commands."""

from dashboard.startup.entry import main

if __name__ == "__main__":
    main()
