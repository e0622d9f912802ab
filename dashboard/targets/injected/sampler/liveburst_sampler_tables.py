"""Numbers for frames and stacks, so that each is written once; for the sampler.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import itertools
import os
import sys
from functools import lru_cache
from opcode import opname
from types import CodeType, FrameType
from typing import Any

from liveburst_answers import in_project
from liveburst_sampler_kinds import PROBE, kind_of

MOST_FRAMES = 20_000
MOST_STACKS = 20_000
SKIPPED = -1  # the number of a frame of the probe
LOST = 0  # the number of a stack that no longer fitted: it has no frames

Place = tuple[CodeType, int, int, str]  # code, instruction, line, module


class Frames:
    """Instructions at which frames were seen, numbered. Nothing is read from a file here."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[int, int], int] = {}  # by code (its id) and instruction
        self.kinds: list[int] = []
        self.new: list[tuple[int, Place]] = []
        self.full = False

    def number_of(self, frame: FrameType) -> int:
        """Return the number of a frame's present instruction; SKIPPED if it has none."""
        code = frame.f_code
        key = id(code), frame.f_lasti
        number = self.numbers.get(key)
        if number is not None:
            return number
        kind = kind_of(code)  # keeps the code object, whose id must stay its own
        if kind == PROBE:
            self.numbers[key] = SKIPPED
            return SKIPPED
        if len(self.kinds) >= MOST_FRAMES:
            self.full = True
            return SKIPPED
        number = self.numbers[key] = len(self.kinds)
        self.kinds.append(kind)
        module = str(frame.f_globals.get("__name__", ""))
        self.new.append((number, (code, frame.f_lasti, frame.f_lineno or 0, module)))
        return number

    def take_new(self) -> list[list[Any]]:
        """Return the frames that were not returned yet, as they are written."""
        new, self.new = self.new, []
        return [[number, *describe(*place)] for number, place in new]


class Stacks:
    """Stacks, numbered: tuples of frames' numbers, the outermost first."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[int, ...], int] = {(): LOST}
        self.new: list[list[Any]] = [[LOST, []]]
        self.full = False

    def number_of(self, frames: tuple[int, ...]) -> int:
        """Return the number of a stack; LOST if there is no room for another one."""
        number = self.numbers.get(frames)
        if number is not None:
            return number
        if len(self.numbers) >= MOST_STACKS:
            self.full = True
            return LOST
        number = self.numbers[frames] = len(self.numbers)
        self.new.append([number, list(frames)])
        return number

    def take_new(self) -> list[list[Any]]:
        """Return the stacks that were not returned yet, as they are written."""
        new, self.new = self.new, []
        return new


def describe(code: CodeType, instruction: int, line: int, module: str) -> list[Any]:
    """Return path, whether it is the project's, line, function, module, and what it executes.

    The last is the instruction's name and where its expression is in the source: last line, first
    and last column (bytes). Empty before Python 3.11, and for what is not the project's.
    """
    own = in_project(code.co_filename)
    function = getattr(code, "co_qualname", code.co_name).replace("<locals>.", "")
    path = own or shortened(code.co_filename)
    return [
        path,
        int(bool(own)),
        line,
        function,
        module,
        expression(code, instruction) if own else [],
    ]


def expression(code: CodeType, instruction: int) -> list[Any]:
    """Return name, first and last line, first and last column of an instruction; or nothing."""
    positions: Any = getattr(code, "co_positions", None)
    if positions is None or instruction < 0:
        return []
    first, last, begin, end = next(
        itertools.islice(positions(), instruction // 2, None), (None, None, None, None)
    )
    if None in (first, last, begin, end):
        return []
    return [opname[code.co_code[instruction]], first, last, begin, end]


@lru_cache(maxsize=4096)
def shortened(file: str) -> str:
    """Return a library's file below the directory that its module was imported from."""
    below = [
        len(place.rstrip(os.sep)) + 1
        for place in sys.path
        if place and file.startswith(place.rstrip(os.sep) + os.sep)
    ]
    return file[max(below, default=0) :]
