"""Where `liveburst` and manage.py begin: Ctrl-C is handled before the imports, which take time."""

from __future__ import annotations

from dashboard.interrupts import end_at_once


def main() -> None:
    """Run the command that `sys.argv` names."""
    end_at_once()
    from .command import main as run_main  # noqa: PLC0415

    run_main()
