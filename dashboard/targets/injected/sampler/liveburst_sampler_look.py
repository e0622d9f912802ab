"""One look of the sampler at the visits of its process, and what it is counted as.

From the first clock to the last stack the GIL is not given away, so that all of it is one instant,
and so that no frame that has ended in the meantime is released in the sampler's thread.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from random import Random
from types import FrameType
from typing import Optional

from liveburst_loop import IDLE_NS, LOOP
from liveburst_request import now
from liveburst_sampler_pace import MOST_VISITS, draws
from liveburst_sampler_seen import Seen
from liveburst_sampler_stacks import (
    NO_THREAD,
    Segment,
    Stack,
    has_its_result,
    stacks_of,
    waits_for_a_thread,
    walk_thread,
)
from liveburst_sampler_states import AWAITING, Clocks, is_on_cpu, state_of_thread
from liveburst_sampler_tables import Frames, Stacks
from liveburst_sampler_waits import CALL, GIL, Waits
from liveburst_sampler_works import (
    OWN_THREADS,
    SHARED_THREADS,
    THREADS,
    VISITS,
    ThreadWork,
    Visit,
    Work,
    get_thread,
)

# A thread is given the GIL within 5 ms from one that computes in Python, not from a call in C.
LATE_NS = 10_000_000
NO_NOTE, GIL_NOTE, LATE_NOTE, QUEUED_NOTE, READY_NOTE = "", "gil", "late", "thread", "loop"


class Observer:
    """Looks at the visits of this process, and counts what it sees.

    The visit that an event loop runs, and one that made the look late, are seen by every look. Of
    the others a look meets some, drawn at random, each of which weighs as much more. A turn for
    each would not do: their order is that of their arrival, and so is that of their work. So each
    look begins to draw at a place of its own.
    """

    def __init__(self) -> None:
        self.frames = Frames()
        self.stacks = Stacks()
        self.seen = Seen()
        self.clocks = Clocks()
        self.waits = Waits()
        self.random = Random()  # noqa: S311 - its own: the project's may have a seed
        self.moment = now()  # of the last look
        self.since_ns = self.held_from_ns = 0
        self.visits_ns = 0  # the CPU time of the last look, as far as it depends on how many it met
        self.culprit: Optional[Segment] = None  # what made this look late
        self.running: tuple[Optional[Work], int] = (None, 0)  # on an unmarked loop, since when

    @property
    def busy(self) -> float:
        """The part of the time before the last look in which the process computed, 0 to 1."""
        return self.clocks.busy(self.since_ns)

    def look(self, late_ns: int, held_from_ns: int, most_visits: int = MOST_VISITS) -> int:
        """Look once, and return the number of visits seen.

        `late_ns`: how late the look is. `held_from_ns`: what has not given way for so long holds
        its event loop.
        """
        moment = now()
        self.since_ns, self.moment, self.held_from_ns = moment - self.moment, moment, held_from_ns
        self.clocks.read()
        if not VISITS:
            return 0
        visits, frames = dict(VISITS), frames_of_others()
        forget_ended(frames)
        late_threads = self.clocks.that_ran(late_ns) if late_ns >= LATE_NS else []
        walked = {*late_threads, *SHARED_THREADS}
        segments = self.segments_of(walked, frames)
        # Of each thread the innermost segment is the first. Of two threads that share the GIL
        # neither runs for most of the time.
        late = (segment for segment in segments.values() if segment.thread in late_threads)
        self.culprit = next(late, None)
        running = [visits.pop(number) for number in numbers_of(segments) if number in visits]
        met = [(visit, visit.weight * self.since_ns) for visit in running]
        met += self.drawn(list(visits.values()), most_visits)
        began_ns = time.thread_time_ns()
        own_threads = own_threads_of(visit for visit, _ in met) - walked
        segments.update(self.segments_of(own_threads, frames))
        for visit, weight_ns in met:
            self.look_at(visit, segments, weight_ns)
        self.visits_ns = time.thread_time_ns() - began_ns
        return len(met)

    def drawn(self, visits: list[Visit], most: int) -> list[tuple[Visit, int]]:
        """Return at most so many of these visits, each with what it weighs (ns)."""
        if len(visits) <= most:
            return [(visit, visit.weight * self.since_ns) for visit in visits]
        weights = [visit.weight for visit in visits]
        return [
            (visits[position], int(weight * self.since_ns))
            for position, weight in draws(weights, most, self.random.random())
        ]

    def segments_of(
        self, threads: Iterable[int], frames: dict[int, FrameType]
    ) -> dict[int, Segment]:
        """Return the segments of these threads, by their boundaries."""
        segments: dict[int, Segment] = {}
        for thread in threads:
            walk_thread(frames.get(thread), thread, self.frames, segments)
        return segments

    def look_at(self, visit: Visit, segments: dict[int, Segment], weight_ns: int) -> None:
        """Count where a visit is; its weight is divided among its stacks."""
        stacks = stacks_of(visit, segments, self.frames)
        for stack in stacks:
            state, note, moved_ns = self.classify(stack)
            key = self.stacks.number_of(stack.frames), state, note
            part_ns = weight_ns // len(stacks)
            cpu_ns = part_ns * moved_ns // max(self.since_ns, 1)
            self.seen.add(key, visit.number, part_ns, cpu_ns)

    def classify(self, stack: Stack) -> tuple[str, str, int]:
        """Return the state of a stack, its note, and what its thread's clock moved (ns)."""
        segment = stack.segment
        if segment.thread == NO_THREAD:
            return AWAITING, note_of_suspended(segment, self.frames.kinds), 0
        moved_ns = min(self.clocks.moved_ns.get(segment.thread, 0), self.since_ns)
        waits = self.waits_of(segment.thread, moved_ns)
        late = segment is self.culprit
        on_cpu = late or is_on_cpu(moved_ns, self.since_ns, waits)
        on_loop = segment.thread not in OWN_THREADS
        held_ns = self.held_ns(segment) if on_loop else 0
        state = state_of_thread(on_cpu, on_loop, held_ns, self.held_from_ns)
        return state, LATE_NOTE if late else GIL_NOTE if waits == GIL else NO_NOTE, moved_ns

    def waits_of(self, thread: int, moved_ns: int) -> int:
        """Return what a thread waits for, which is read only where its clock does not tell."""
        known = THREADS.get(thread)
        if known is None or 2 * moved_ns > self.since_ns:
            return CALL
        return self.waits.of(known[2])

    def held_ns(self, segment: Segment) -> int:
        """Return for how long the code of a segment has held its event loop (ns)."""
        marked_ns = self.moment - LOOP.last_ns
        if segment.thread == LOOP.thread:
            return marked_ns
        if isinstance(segment.work, ThreadWork):  # on gevent's hub, which is marked by its beat
            return marked_ns if marked_ns > IDLE_NS else 0
        if self.running[0] is not segment.work:
            self.running = segment.work, self.moment
        return self.moment - self.running[1]

    def limits(self) -> list[str]:
        """Return the words for what could not be seen, as the file has them."""
        words = {
            "frames": self.frames.full,
            "stacks": self.stacks.full,
            "clocks": not self.clocks.are_known,
            "waits": not self.waits.are_known,
        }
        return [word for word, holds in words.items() if holds]


def frames_of_others() -> dict[int, FrameType]:
    """Return the innermost frame of each other thread.

    With the sampler's own frame, whose variable they are, they would be a cycle: each look left
    the frames of all threads, and what these hold, to the garbage collector.
    """
    frames = sys._current_frames()  # noqa: SLF001
    frames.pop(get_thread(), None)
    return frames


def forget_ended(frames: dict[int, FrameType]) -> None:
    """Forget the threads that have ended; the system gives their numbers to others."""
    for thread in [thread for thread in list(THREADS) if thread not in frames]:
        THREADS.pop(thread, None)
        SHARED_THREADS.discard(thread)


def numbers_of(segments: dict[int, Segment]) -> set[int]:
    """Return the numbers of the visits that these segments work for."""
    return {segment.work.visit.number for segment in segments.values()}


def own_threads_of(visits: Iterable[Visit]) -> set[int]:
    """Return the threads that work for these visits and for no others."""
    return {
        work.thread
        for visit in visits
        for work in list(visit.works.values())
        if isinstance(work, ThreadWork) and work.greenlet is None
    }


def note_of_suspended(segment: Segment, kinds: list[int]) -> str:
    """Return the note of a coroutine or greenlet that does not run."""
    if waits_for_a_thread(segment):
        return QUEUED_NOTE
    if isinstance(segment.work, ThreadWork):
        return NO_NOTE
    ready = segment.work.is_ready() or has_its_result(segment, kinds)
    return READY_NOTE if ready else NO_NOTE
