"""docs/commands.md names every option of every command, where it describes that command."""

from __future__ import annotations

import re
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import BaseCommand, get_commands, load_command_class

PAGE = (Path(__file__).parents[2] / "docs/commands.md").read_text()
SECTIONS = re.split("^## ", PAGE, flags=re.MULTILINE)[1:]


def parsers() -> Iterator[tuple[str, ArgumentParser]]:
    """Every command, and every command of a command such as `lab init`."""
    for name in sorted(name for name, app in get_commands().items() if app == "dashboard"):
        parser = load_command_class("dashboard", name).create_parser("manage.py", name)
        yield name, parser
        for action in parser._actions:
            if isinstance(action, _SubParsersAction):
                yield from ((f"{name} {inner}", choice) for inner, choice in action.choices.items())


def options_of(parser: ArgumentParser) -> set[str]:
    """The long ones."""
    options = {text for action in parser._actions for text in action.option_strings}
    return {text for text in options if text.startswith("--")}


EVERYBODYS = options_of(BaseCommand().create_parser("manage.py", "any"))


@pytest.mark.parametrize(("name", "parser"), list(parsers()))
def test_every_option_is_in_the_section_of_its_command(name: str, parser: ArgumentParser) -> None:
    sections = [text for text in SECTIONS if f"`manage.py {name}`" in text.partition("\n")[0]]
    assert len(sections) == 1, name
    assert {
        option for option in options_of(parser) - EVERYBODYS if option not in sections[0]
    } == set()
