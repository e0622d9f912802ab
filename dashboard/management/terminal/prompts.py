"""Questions at the terminal; without one, an error that names the option to use instead."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from dashboard.wire.errors import InvalidManifest, Problem


def choose(field: str, situation: str, choices: Sequence[str], option: str) -> int:
    """Return the index of the choice made.

    `found` is why there is a choice, `option` how to make it without a question. Raises
    InvalidManifest for `field` if there is no terminal, or no valid answer.
    """
    if not _can_ask():
        listed = ", ".join(choices)
        raise InvalidManifest(Problem(field, f"{situation}: {listed}; give {option}"))
    lines = [f"{number}. {choice}" for number, choice in enumerate(choices, 1)]
    print(f"{situation}:", *lines, sep="\n", file=sys.stderr)
    answer = _answer(f"Which one? [1-{len(choices)}] ")
    if not answer.isdecimal() or not 1 <= int(answer) <= len(choices):
        expected = f"expected a number from 1 to {len(choices)}, found {answer!r}; or give {option}"
        raise InvalidManifest(Problem(field, expected))
    return int(answer) - 1


def ask(field: str, situation: str, question: str, option: str) -> str:
    """Return the answer; empty for Enter alone. Raises InvalidManifest without a terminal."""
    if not _can_ask():
        raise InvalidManifest(Problem(field, f"{situation}; give {option}"))
    print(f"{situation}.", file=sys.stderr)
    return _answer(question)


def _can_ask() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _answer(question: str) -> str:
    print(question, end="", flush=True, file=sys.stderr)
    return sys.stdin.readline().strip()
