"""docs/commands.md names every option of every command."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import BaseCommand, get_commands, load_command_class

COMMANDS = sorted(name for name, app in get_commands().items() if app == "dashboard")
PAGE = (Path(__file__).parents[2] / "docs/commands.md").read_text()


def options_of(name: str) -> set[str]:
    """The long ones that are its own, and not any Django command's."""
    parser = load_command_class("dashboard", name).create_parser("manage.py", name)
    everybodys = BaseCommand().create_parser("manage.py", "any")
    found, common = (
        {text for action in one._actions for text in action.option_strings if text[:2] == "--"}
        for one in (parser, everybodys)
    )
    return found - common


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_stands_on_the_page(name: str) -> None:
    assert f"manage.py {name}" in PAGE
    missing = {option for option in options_of(name) if option not in PAGE}
    assert not missing
