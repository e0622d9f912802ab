"""No option of our commands is taken by Django for itself."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import BaseCommand, get_commands, load_command_class

from dashboard.startup import command
from dashboard.startup.command import APP, run_command
from dashboard.targets.supervise.environment import PROJECT_SETTINGS

NAMES = sorted(name for name, app in get_commands().items() if app == APP)
DJANGOS = {
    option
    for action in BaseCommand().create_parser("manage.py", "any")._actions
    for option in action.option_strings
}


def parsers(
    parser: argparse.ArgumentParser, words: tuple[str, ...]
) -> Iterator[tuple[argparse.ArgumentParser, tuple[str, ...]]]:
    """A command's parser and those of its actions, with the words that lead to each."""
    yield parser, words
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from parsers(inner, (*words, name))


def options() -> Iterator[tuple[tuple[str, ...], argparse.Action, str]]:
    """Each option string of each command of ours that is not Django's for every command."""
    for name in NAMES:
        top = load_command_class(APP, name).create_parser("manage.py", name)
        for parser, words in parsers(top, (name,)):
            for action in parser._actions:
                for option in action.option_strings:
                    is_djangos = parser is top and option in DJANGOS
                    if not is_djangos and not isinstance(action, argparse._HelpAction):
                        yield words, action, option


def parser_at(words: tuple[str, ...]) -> argparse.ArgumentParser:
    top = load_command_class(APP, words[0]).create_parser("manage.py", words[0])
    return next(parser for parser, path in parsers(top, words[:1]) if path == words)


def required(parser: argparse.ArgumentParser, but: argparse.Action) -> list[str]:
    """A value for each positional that a parser wants."""
    return [
        word
        for action in parser._actions
        if not isinstance(action, argparse._SubParsersAction)
        if action.dest != but.dest and (action.required or not action.option_strings)
        for word in [*action.option_strings[:1], value(action)]
    ]


def value(action: argparse.Action) -> str:
    """Something that the option takes."""
    if action.choices:
        return str(next(iter(action.choices)))
    for text in ("7", "a=1", "a", "0.5"):
        try:
            action.type(text) if callable(action.type) else text
        except (ValueError, argparse.ArgumentTypeError):
            continue
        return text
    raise AssertionError(f"no value for {action.option_strings}")


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What each command is given; none of them does its work."""
    given: list[dict[str, Any]] = []
    for name in NAMES:
        cls = type(load_command_class(APP, name))
        monkeypatch.setattr(cls, "handle", lambda self, **options: given.append(options))
        monkeypatch.setattr(cls, "requires_system_checks", [])
    return given


@pytest.mark.parametrize(
    ("words", "action", "option"),
    [pytest.param(*case, id=" ".join([*case[0], case[2]])) for case in options()],
)
def test_each_option_reaches_its_command(
    words: tuple[str, ...], action: argparse.Action, option: str, handled: list[dict[str, Any]]
) -> None:
    settings, path = os.environ["DJANGO_SETTINGS_MODULE"], list(sys.path)
    parser = parser_at(words)
    wanted = [option] if action.nargs == 0 else [option, value(action)]
    arguments = [*required(parser, action), *wanted]
    run_command(["manage.py", *words, *arguments])
    (given,) = handled
    assert given[action.dest] == vars(parser.parse_args(arguments))[action.dest]
    assert os.environ["DJANGO_SETTINGS_MODULE"] == settings
    assert sys.path == path


def test_there_is_an_option_that_django_would_take() -> None:
    assert any(option == "--settings" for _, _, option in options())


def test_the_installed_command_passes_options_on_in_the_same_way(
    handled: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.settings")  # put back afterwards,
    monkeypatch.setenv(PROJECT_SETTINGS, "")  # and this as well
    monkeypatch.setattr(sys, "argv", ["liveburst", "lab", "init", ".", "--settings", "shop.other"])
    command.main()
    assert handled[0]["settings_module"] == "shop.other"
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "dashboard.settings"
