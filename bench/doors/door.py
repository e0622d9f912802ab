"""What is common to all doors: inputs, their answers, and what must not happen."""

from __future__ import annotations

from typing import Any, Protocol

from hypothesis.strategies import SearchStrategy


class Fault(Exception):
    """A promise that was broken by one input."""


class Door(Protocol):
    """Something that takes input from outside."""

    @property
    def inputs(self) -> SearchStrategy[Any]:
        """The inputs; none of them may start a run."""

    def answer(self, given: Any) -> str:
        """Return the kind of answer to one input, as it is counted. Raises Fault."""

    def check(self) -> None:
        """Check what can be seen only after many inputs. Raises Fault."""

    def close(self) -> None:
        """Free what the door uses."""
