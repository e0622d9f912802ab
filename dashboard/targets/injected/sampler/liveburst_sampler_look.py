"""One look of the sampler at the visits of its process, and what it is counted as.

From the first clock to the last stack the GIL is not given away, so that all of it is one instant,
and so that no frame that has ended in the meantime is released in the sampler's thread.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import sys
from typing import Optional

from liveburst_loop import IDLE_NS, LOOP
from liveburst_request import now
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
from liveburst_sampler_works import THREADS, VISITS, ThreadWork, Visit, Work

MOST_VISITS = 64  # looked at together; with more, each has its turn, and weighs as much more
# A thread is given the GIL within 5 ms from one that computes in Python, not from a call in C.
LATE_NS = 10_000_000
NO_NOTE, GIL_NOTE, LATE_NOTE, QUEUED_NOTE, READY_NOTE = "", "gil", "late", "thread", "loop"


class Observer:
    """Looks at the visits of this process, and counts what it sees."""

    def __init__(self) -> None:
        self.frames = Frames()
        self.stacks = Stacks()
        self.seen = Seen()
        self.clocks = Clocks()
        self.waits = Waits()
        self.moment = now()  # of the last look
        self.since_ns = self.interval_ns = 0
        self.turn = 0  # of the first visit that the next look begins with
        self.weight_ns = 0  # of a visit in this look
        self.own_threads: set[int] = set()  # each works for one request at a time
        self.culprit: Optional[Segment] = None  # what made this look late
        self.running: tuple[Optional[Work], int] = (None, 0)  # on an unmarked loop, since when

    def look(self, late_ns: int, interval_ns: int) -> int:
        """Look once, and return the number of visits seen. `late_ns`: how late the look is."""
        moment = now()
        self.since_ns, self.moment, self.interval_ns = moment - self.moment, moment, interval_ns
        self.clocks.read()
        visits = self.visits_in_turn()
        if visits:
            segments = self.segments_of_threads()
            self.culprit = self.find_culprit(segments, late_ns)
            for visit in visits:
                self.look_at(visit, segments)
            self.culprit = None
        return len(visits)

    def visits_in_turn(self) -> list[Visit]:
        """Return the visits to look at: all of them, or those whose turn it is."""
        visits = list(VISITS.values())
        self.weight_ns = self.since_ns * max(len(visits), MOST_VISITS) // MOST_VISITS
        if len(visits) <= MOST_VISITS:
            return visits
        self.turn %= len(visits)
        turned = visits[self.turn :] + visits[: self.turn]
        self.turn += MOST_VISITS
        return turned[:MOST_VISITS]

    def segments_of_threads(self) -> dict[int, Segment]:
        """Return the segments of all threads that have worked for a visit, by their boundaries."""
        segments: dict[int, Segment] = {}
        frames = sys._current_frames()  # noqa: SLF001
        for thread in list(THREADS):
            if thread not in frames:  # it has ended
                THREADS.pop(thread, None)
            walk_thread(frames.get(thread), thread, self.frames, segments)
        self.own_threads = {
            segment.thread
            for segment in segments.values()
            if isinstance(segment.work, ThreadWork) and segment.work.greenlet is None
        }
        return segments

    def find_culprit(self, segments: dict[int, Segment], late_ns: int) -> Optional[Segment]:
        """Return the innermost segment of the thread that made the look late; None if none did.

        A thread that ran for most of that time has held the GIL: of two that share it neither does.
        """
        if late_ns < LATE_NS:
            return None
        for segment in segments.values():  # of each thread the innermost is the first
            if 10 * self.clocks.moved_ns.get(segment.thread, 0) > 7 * late_ns:
                return segment
        return None

    def look_at(self, visit: Visit, segments: dict[int, Segment]) -> None:
        """Count where a visit is; its weight is divided among its stacks."""
        stacks = stacks_of(visit, segments, self.frames)
        for stack in stacks:
            state, note, moved_ns = self.classify(stack)
            key = self.stacks.number_of(stack.frames), state, note
            part_ns = self.weight_ns // len(stacks)
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
        on_loop = segment.thread not in self.own_threads
        held_ns = self.held_ns(segment) if on_loop else 0
        state = state_of_thread(on_cpu, on_loop, held_ns, self.interval_ns)
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
            "clocks": any(clock is None for clock, *_ in list(THREADS.values())),
            "waits": not self.waits.are_known,
        }
        return [word for word, holds in words.items() if holds]


def note_of_suspended(segment: Segment, kinds: list[int]) -> str:
    """Return the note of a coroutine or greenlet that does not run."""
    if waits_for_a_thread(segment):
        return QUEUED_NOTE
    if isinstance(segment.work, ThreadWork):
        return NO_NOTE
    ready = segment.work.is_ready() or has_its_result(segment, kinds)
    return READY_NOTE if ready else NO_NOTE
