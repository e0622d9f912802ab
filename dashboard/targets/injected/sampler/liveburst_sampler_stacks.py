"""Finds the stacks of what works for a visit, and joins those of coroutines and threads.

A coroutine that waits for a thread, a thread that waits for an event loop and a task that waits for
others are one stack with what they wait for. What is left is where the request is at that moment.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any, Optional

from liveburst_sampler_kinds import PLUMBING
from liveburst_sampler_tables import SKIPPED, Frames
from liveburst_sampler_works import BOUNDARIES, CoroutineWork, ThreadWork, Visit, Work, forget

MOST_FRAMES = 200  # of a segment; of a deeper one the innermost are kept
MOST_WALKED = 20_000
MOST_JOINED = 10  # segments of one stack
NO_THREAD = 0
# Python's own objects between an `await` and the coroutine, which have no attribute for it.
OPAQUE = frozenset({
    *("coroutine_wrapper", "async_generator_asend", "async_generator_athrow", "anext_awaitable"),
})  # fmt: skip


class Segment:
    """The frames of one work, the innermost first: their ids, and their numbers.

    `thread` is NO_THREAD for what is suspended: a coroutine, or a greenlet.
    """

    __slots__ = ("ids", "numbers", "thread", "work")

    def __init__(self, work: Work, thread: int, ids: list[int], numbers: list[int]) -> None:
        self.work = work
        self.thread = thread
        self.ids = ids
        self.numbers = numbers

    def waits_at(self, parents: set[int], kinds: list[int]) -> int:
        """Return the position of the frame that only waits for what it started; -1 if none does.

        The innermost frame of a thread does something itself: a thread waits in `join`, `result`.
        """
        for position, (frame, number) in enumerate(zip(self.ids, self.numbers)):
            if frame in parents and (position or self.thread == NO_THREAD):
                return position
            if kinds[number] != PLUMBING:
                break
        return -1

    def is_hollow(self, kinds: list[int]) -> bool:
        """Return True if all of it is plumbing: a thread that runs a loop, a task's wrapper."""
        return all(kinds[number] == PLUMBING for number in self.numbers)


class Stack:
    """Where a visit is: the frames' numbers, the outermost first, and the innermost segment."""

    __slots__ = ("frames", "segment")

    def __init__(self, frames: tuple[int, ...], segment: Segment) -> None:
        self.frames = frames
        self.segment = segment


def walk_thread(
    frame: Optional[FrameType], thread: int, table: Frames, segments: dict[int, Segment]
) -> None:
    """Add the segments of a thread's stack, by their boundaries, from its innermost frame on."""
    ids: list[int] = []
    numbers: list[int] = []
    for _ in range(MOST_WALKED):
        if frame is None:
            return
        work = BOUNDARIES.get(id(frame))
        add_frame(frame, table, ids, numbers)
        if work is not None and begins_at(work, frame):
            segments[work.boundary] = Segment(work, thread, ids, numbers)
            ids, numbers = [], []
        frame = frame.f_back


def begins_at(work: Work, frame: FrameType) -> bool:
    """Return False for a coroutine that has ended: another frame has got the id of its own."""
    if isinstance(work, ThreadWork):
        return True
    coroutine = work.reference()
    if coroutine is not None and coroutine.cr_frame is frame:
        return True
    forget(work)
    return False


def add_frame(frame: FrameType, table: Frames, ids: list[int], numbers: list[int]) -> None:
    """Add a frame to a segment, unless it is the probe's or too deep."""
    number = table.number_of(frame) if len(ids) < MOST_FRAMES else SKIPPED
    if number != SKIPPED:
        ids.append(id(frame))
        numbers.append(number)


def suspended(work: Work, table: Frames) -> Optional[Segment]:
    """Return the segment of a coroutine or greenlet that does not run; None if it runs or ended."""
    if isinstance(work, ThreadWork):
        return suspended_greenlet(work, table)
    coroutine = work.reference()
    if coroutine is None or coroutine.cr_frame is None:
        forget(work)
        return None
    if coroutine.cr_running:
        return None
    ids: list[int] = []
    numbers: list[int] = []
    for frame in awaiting_frames(coroutine):
        inner = BOUNDARIES.get(id(frame))
        if inner is not None and inner is not work:
            if isinstance(inner, CoroutineWork) and inner.task is None:
                inner.task = work.task
            break  # it has a segment of its own
        add_frame(frame, table, ids, numbers)
    return Segment(work, NO_THREAD, ids[::-1], numbers[::-1])


def suspended_greenlet(work: ThreadWork, table: Frames) -> Optional[Segment]:
    """Return the segment of a greenlet that does not run; None if it runs, or is none."""
    frame = getattr(work.greenlet, "gr_frame", None)
    if frame is None:
        return None
    segments: dict[int, Segment] = {}
    walk_thread(frame, NO_THREAD, table, segments)
    return segments.get(work.boundary)


def awaiting_frames(awaitable: Any) -> Iterator[FrameType]:
    """Yield the frames of a suspended coroutine and of what it awaits, the outermost first."""
    for _ in range(MOST_FRAMES):
        frame, awaitable = frame_and_awaited(awaitable)
        if frame is None:
            return
        yield frame


def frame_and_awaited(awaitable: Any) -> tuple[Optional[FrameType], Any]:
    """Return the frame of a coroutine or generator, and what it waits for; None for others."""
    kind = type(awaitable)
    if kind is CoroutineType:
        return awaitable.cr_frame, awaitable.cr_await
    if kind is GeneratorType:
        return awaitable.gi_frame, awaitable.gi_yieldfrom
    if kind is AsyncGeneratorType:
        return awaitable.ag_frame, awaitable.ag_await
    if kind.__name__ in OPAQUE:
        for within in gc.get_referents(awaitable):
            found = frame_and_awaited(within)
            if found[0] is not None:
                return found
    return None, None


def stacks_of(visit: Visit, segments: dict[int, Segment], table: Frames) -> list[Stack]:
    """Return where a visit is: what works for it and waits for nothing else of it.

    `segments` are those of the threads that run; the suspended ones are added here.
    """
    live = []
    for work in list(visit.works.values()):
        segment = segments.get(work.boundary)
        if segment is None or segment.work is not work:
            segment = suspended(work, table)
        if segment is not None:
            live.append(segment)
    return joined(live, table.kinds)


def joined(live: Iterable[Segment], kinds: list[int]) -> list[Stack]:
    """Return the stacks of a visit's segments, each with those that wait for it in front."""
    segments = list(live)
    parents = {segment.work.parent for segment in segments} - {0}
    waiting: dict[int, tuple[Segment, int]] = {}
    ends = []
    for segment in segments:
        position = segment.waits_at(parents, kinds)
        if position < 0:
            ends.append(segment)
        else:
            waiting[segment.ids[position]] = segment, position
    whole = [segment for segment in ends if not segment.is_hollow(kinds)] or ends
    return [Stack(with_parents(segment, waiting), segment) for segment in whole]


def with_parents(segment: Segment, waiting: dict[int, tuple[Segment, int]]) -> tuple[int, ...]:
    """Return the frames of a segment, the outermost first, after those that wait for it."""
    numbers = list(segment.numbers)
    parent = segment.work.parent
    for _ in range(MOST_JOINED):
        found = waiting.get(parent)
        if found is None:
            break
        outer, position = found
        numbers += outer.numbers[position:]
        parent = outer.work.parent
    return tuple(reversed(numbers))


def has_its_result(segment: Segment, kinds: list[int]) -> bool:
    """Return True for a coroutine whose thread has returned: its loop has not got to it yet."""
    return (
        bool(segment.ids)
        and kinds[segment.numbers[0]] == PLUMBING
        and segment.ids[0] in segment.work.visit.returned
    )


def waits_for_a_thread(segment: Segment) -> bool:
    """Return True for a coroutine whose call no thread of a pool has taken yet."""
    queued = segment.work.visit.queued
    return (
        isinstance(segment.work, CoroutineWork)
        and bool(segment.ids)
        and segment.thread == NO_THREAD
        and any(frame in queued for frame in segment.ids[:2])
    )
