#!/usr/bin/env python
"""The terminal's way in: `lab`, `burst`, `export` and Django's own commands."""

import os
import sys

from dashboard.command import run_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    run_command(sys.argv)
