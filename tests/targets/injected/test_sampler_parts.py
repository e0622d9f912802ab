"""The sampler's rules and bounds, one by one."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from .calls import Probe

MS = 1_000_000
PATIENCE_S = 60.0
# The shortest interval (ms), for how long a look holds the GIL (ms), the part of the time in which
# the process computes, and the interval that follows (ms).
PACES = [
    (5, 0.0, 1.0, 5),
    (5, 0.25, 0.0, 5),  # while everything waits it may take a twentieth
    (5, 0.5, 0.0, 10),
    (5, 0.05, 1.0, 5),  # while something computes, a hundredth
    (5, 0.2, 1.0, 20),
    (5, 0.2, 0.5, 10),
    (5, 20.0, 0.0, 250),  # never longer
    (400, 20.0, 1.0, 400),  # one that is set longer stays as it is
]
# What the thread's clock did, in what time, what the thread waits for, and whether it ran.
RAN = [
    (4, 5, "CALL", True),
    (2, 5, "CALL", False),
    (0, 5, "CALL", False),
    (0, 5, "GIL", True),
    (0, 5, "CORE", True),
    (1, 5, "UNKNOWN", True),  # one of several that share the GIL
    (0, 5, "UNKNOWN", False),
]
# Whether it ran, on a loop that others share, for how long it held that, and the state.
STATES = [
    (True, False, 0, "cpu"),
    (False, False, 0, "blocking"),
    (True, True, 4, "cpu"),
    (True, True, 5, "holding"),
    (False, True, 0, "holding"),
]
# A line of /proc/self/task/N/syscall, where the interpreter's state is, and what the thread waits
# for.
SYSCALLS = [
    (b"running\n", 0x1000, "CORE"),
    (b"202 0x1000 0x89 0x0\n", 0x1000, "GIL"),
    (b"202 0x11ac 0x89 0x0\n", 0x1000, "GIL"),
    (b"98 0x11ac 0x89 0x0\n", 0x1000, "GIL"),  # a futex of another kind of machine
    (b"202 0x9000000 0x89 0x0\n", 0x1000, "CALL"),  # a lock of the project
    (b"202 0xfff 0x89 0x0\n", 0x1000, "CALL"),
    (b"230 0x1 0x0 0x0\n", 0x1000, "CALL"),  # it sleeps
    (b"-1 0x1000 0x7f00\n", 0x1000, "CALL"),  # stopped outside of a system call
    (b"202 \xff\n", 0x1000, "CALL"),
    (b"", 0x1000, "UNKNOWN"),
    (b"running\n", None, "CORE"),
    (b"202 0x1000 0x89 0x0\n", None, "UNKNOWN"),
]


@pytest.mark.parametrize(("shortest", "held", "busy", "expected"), PACES)
def test_the_interval_follows_what_looking_costs(
    shortest: int, held: float, busy: float, expected: int, probe: Probe
) -> None:
    after_ns = probe.sampler_pace.next_interval_ns(shortest * MS, held * MS, busy)
    assert after_ns == pytest.approx(expected * MS)


@pytest.mark.parametrize(
    ("fixed_us", "each_us", "visits"),
    [(60, 5, 20), (60, 20, 5), (60, 100, 1), (60, 1000, 1), (300, 20, 15), (900, 5, 64)],
)
def test_looks_take_a_hundredth_of_the_time_in_which_the_process_computes(
    fixed_us: int, each_us: int, visits: int, probe: Probe
) -> None:
    """Whatever looking at one request costs, and a look without any."""
    pace = probe.sampler_pace.Pace(5 * MS)
    held_ns = passed_ns = 0
    for _ in range(200):
        fixed_ns, visits_ns = fixed_us * 1000, pace.visits * each_us * 1000
        pace.note(fixed_ns + visits_ns, fixed_ns, visits_ns, pace.visits, 1.0)
        held_ns += fixed_ns + visits_ns
        passed_ns += fixed_ns + visits_ns + pace.interval_ns
    assert held_ns < 0.0105 * passed_ns
    assert pace.visits == pytest.approx(visits, abs=1)


def test_after_a_burst_the_interval_is_short_and_its_cost_still_known(probe: Probe) -> None:
    pace = probe.sampler_pace.Pace(5 * MS)
    for _ in range(50):
        pace.note(MS, MS // 2, MS // 2, 4, 1.0)
    pace.note(10_000, 10_000, 0, 0, 0.0)
    assert pace.interval_ns == 5 * MS
    pace.note(MS, MS // 2, MS // 2, 4, 1.0)
    assert pace.interval_ns == pytest.approx(100 * MS, rel=0.01)


def test_the_first_look_does_not_decide_how_many_follow(probe: Probe) -> None:
    """It meets every frame for the first time, and a burst may be over after 50 ms."""
    pace = probe.sampler_pace.Pace(5 * MS)
    pace.note(2 * MS, MS, MS, 4, 0.2)
    assert pace.interval_ns < 10 * MS
    for _ in range(5):
        pace.note(MS // 5, MS // 10, MS // 10, 4, 0.2)
    assert pace.interval_ns < 6 * MS


@pytest.mark.parametrize(("took_ms", "after_ms"), [(0, 200), (2, 200), (5, 500), (50, 1000)])
def test_a_line_that_takes_long_is_written_more_rarely(
    took_ms: int, after_ms: int, probe: Probe
) -> None:
    assert probe.sampler_pace.flush_after_ns(took_ms * MS) == after_ms * MS


@pytest.mark.parametrize(
    ("passed_ms", "after_ms", "serves", "due"),
    [
        (199, 200, False, False),
        (200, 200, False, True),
        (999, 200, True, False),
        (1000, 200, True, True),
        (700, 800, False, False),
    ],
)
def test_while_a_request_is_served_a_line_waits_for_a_second(
    passed_ms: int, after_ms: int, serves: bool, due: bool, probe: Probe
) -> None:
    pace = probe.sampler_pace
    assert pace.is_flush_due(passed_ms * MS, after_ms * MS, serves=serves) is due


@pytest.mark.parametrize(
    ("followed", "one_in"),
    [(0, 1), (15, 1), (16, 2), (23, 2), (24, 4), (32, 8), (56, 64), (1000, 64)],
)
def test_of_many_requests_at_once_fewer_are_followed(
    followed: int, one_in: int, probe: Probe
) -> None:
    assert probe.sampler_pace.one_in(followed) == one_in


def test_those_that_are_followed_stand_for_all(probe: Probe) -> None:
    """Of 64 at once 16, each second of 16 others, and each fourth of the rest; none leaves."""
    draw, weights = probe.sampler_pace.Draw(), list[int]()
    for _ in range(64):
        weights.append(draw.weight(sum(map(bool, weights))))
    assert weights[:16] == [1] * 16
    second = [weights[at : at + 2] for at in range(16, 32, 2)]
    assert [sorted(row) for row in second] == [[0, 2]] * 8
    fourth = [weights[at : at + 4] for at in range(32, 64, 4)]
    assert [sorted(row) for row in fourth] == [[0, 0, 0, 4]] * 8


def test_each_request_is_followed_as_often_as_others(probe: Probe) -> None:
    """Also where a row is under way, and its draw decides of how many the next one is drawn."""
    totals = [0] * 12
    turns = 10_000
    for _ in range(turns):
        draw, followed = probe.sampler_pace.Draw(), 31
        for position in range(len(totals)):
            weight = draw.weight(followed)
            followed += bool(weight)
            totals[position] += weight
    # In a row of 8 a request counts 0 or 8: a deviation of 2.6 for each turn.
    assert [total / turns for total in totals] == [pytest.approx(1, abs=0.15)] * len(totals)


def test_after_many_at_once_a_few_are_all_followed(probe: Probe) -> None:
    draw = probe.sampler_pace.Draw()
    for _ in range(70):
        draw.weight(56)
    assert [draw.weight(followed) for followed in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("weights", [[1] * 10, [1, 1, 4, 4, 16, 1, 16, 4], [64, 1]])
@pytest.mark.parametrize("most", [1, 3, 7])
def test_draws_weigh_what_they_stand_for(weights: list[int], most: int, probe: Probe) -> None:
    starts = 512
    totals = [0.0] * len(weights)
    for start in range(starts):
        met = list(probe.sampler_pace.draws(weights, most, start / starts))
        assert len(met) <= most
        assert sum(weight for _, weight in met) == pytest.approx(sum(weights))
        for position, weight in met:
            totals[position] += weight
    means = [total / starts for total in totals]
    assert means == pytest.approx(weights, abs=sum(weights) / starts)


def test_how_much_a_process_computed(probe: Probe) -> None:
    clocks = probe.sampler_states.Clocks()
    clocks.moved_ns = {1: 3 * MS, 2: 4 * MS}
    assert clocks.busy(10 * MS) == pytest.approx(0.7)
    assert clocks.busy(5 * MS) == 1.0
    assert clocks.that_ran(5 * MS) == [2]


def test_without_a_clock_a_thread_may_compute_all_the_time(probe: Probe) -> None:
    clocks, works = probe.sampler_states.Clocks(), probe.sampler_works
    works.THREADS[1] = (None, 0, 11)
    clocks.read()
    assert clocks.busy(100 * MS) == 1.0
    assert not clocks.are_known


def test_a_clock_is_read_once_more_after_its_thread_worked_for_a_request(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And from the beginning of the next work on, also if that is another thread's."""
    clocks, works = probe.sampler_states.Clocks(), probe.sampler_works
    times = {21: 0, 22: 0}
    monkeypatch.setattr(probe.sampler_states, "read_clock", times.get)
    works.THREADS[1], works.OWN_THREADS[1] = (21, 0, 11), 1
    times[21] = 3 * MS
    clocks.read()
    assert clocks.moved_ns == {1: 3 * MS}
    del works.OWN_THREADS[1]
    times[21] = 5 * MS
    clocks.read()
    assert clocks.moved_ns == {1: 2 * MS}
    assert works.THREADS == {}
    works.THREADS[1] = (22, MS, 12)  # another thread, with the same number in Python
    times[22] = 4 * MS
    clocks.read()
    assert clocks.moved_ns == {1: 3 * MS}
    works.SHARED_THREADS.add(2)
    works.THREADS[2] = (21, 5 * MS, 11)
    for _ in range(2):
        clocks.read()
        assert clocks.moved_ns == {2: 0}
    works.SHARED_THREADS.clear()
    clocks.read()
    assert works.THREADS == {}


@pytest.mark.parametrize(("moved", "since", "waits", "ran"), RAN)
def test_a_thread_ran_or_was_ready_to(
    moved: int, since: int, waits: str, ran: bool, probe: Probe
) -> None:
    kind = getattr(probe.sampler_waits, waits)
    assert probe.sampler_states.is_on_cpu(moved * MS, since * MS, kind) == ran


@pytest.mark.parametrize(("on_cpu", "on_loop", "held", "state"), STATES)
def test_a_thread_has_one_state(
    on_cpu: bool, on_loop: bool, held: int, state: str, probe: Probe
) -> None:
    assert probe.sampler_states.state_of_thread(on_cpu, on_loop, held * MS, 5 * MS) == state


@pytest.mark.parametrize(("text", "runtime", "expected"), SYSCALLS)
def test_a_system_call_tells_what_a_thread_waits_for(
    text: bytes, runtime: int | None, expected: str, probe: Probe
) -> None:
    waits = probe.sampler_waits.Waits()
    opened, closed = list[bytes](), list[int]()

    def open_file(path: bytes) -> int:
        opened.append(path)
        return 3

    waits.system = probe.sampler_quiet.QuietFiles(open_file, lambda _: text, closed.append)
    waits.runtime = runtime
    for _ in range(2):
        assert waits.of(7) == getattr(probe.sampler_waits, expected)
    # It stays open, unless nothing can be read: the thread has ended.
    assert opened == [b"/proc/self/task/7/syscall"] * (1 if text else 2)
    assert closed == ([] if text else [3, 3])


def test_few_files_are_open_at_a_time(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe.sampler_waits, "MOST_FILES", 2)
    waits, closed = probe.sampler_waits.Waits(), list[int]()
    waits.system = probe.sampler_quiet.QuietFiles(
        lambda path: int(path.split(b"/")[4]), lambda _: b"running", closed.append
    )
    for native in (1, 2, 1, 3, 4):
        waits.of(native)
    assert closed == [1, 2]
    waits.close_all()
    assert closed == [1, 2, 3, 4]
    assert waits.files == {}


def test_what_waits_for_the_gil_is_told_from_what_waits_for_a_lock(probe: Probe) -> None:
    """While this thread has the GIL, one that computes waits for it, after a moment."""
    waits, free, spinning = probe.sampler_waits.Waits(), threading.Event(), [True]

    def spin() -> None:
        while spinning:
            pass

    blocked, computing = threading.Thread(target=free.wait), threading.Thread(target=spin)
    threads = (blocked, computing)
    for thread in threads:
        thread.start()
    try:
        deadline_s = time.monotonic() + PATIENCE_S
        while waits.of(computing.native_id) != probe.sampler_waits.GIL:
            assert waits.of(computing.native_id) != probe.sampler_waits.CALL
            assert time.monotonic() < deadline_s
        assert waits.of(blocked.native_id) == probe.sampler_waits.CALL
    finally:
        spinning.clear()
        free.set()
        for thread in threads:
            thread.join()
    assert waits.of(blocked.native_id) == probe.sampler_waits.UNKNOWN
    waits.close_all()
    assert waits.files == {}


def test_without_ctypes_waits_are_unknown(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctypes", None)
    waits = probe.sampler_waits.Waits()
    assert waits.of(threading.get_native_id()) == probe.sampler_waits.UNKNOWN
    assert waits.files == {}
    assert not waits.are_known


def test_lateness_is_without_the_time_that_the_sampler_had_no_core(probe: Probe) -> None:
    delays = iter([b"0 1000000 5", b"0 9000000 6", b"malformed"])
    system = probe.sampler_quiet.QuietFiles(lambda _: -1, lambda _: next(delays), lambda _: 0)
    lateness = probe.sampler_lateness.Lateness(system)
    lateness.watch_this_thread()
    due_ns = probe.request.now() - 50 * MS
    assert lateness.of(due_ns) == pytest.approx(42 * MS, abs=5 * MS)
    assert lateness.of(due_ns) == pytest.approx(50 * MS, abs=5 * MS)
    lateness.keep(3)
    assert (lateness.take(), lateness.take()) == ([3], [])


def test_tables_are_bounded_and_full_ones_are_a_limit(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe.sampler_tables, "MOST_STACKS", 3)
    observer = probe.sampler_look.Observer()
    numbers = [observer.stacks.number_of((frame,)) for frame in (1, 2, 3, 1)]
    assert numbers == [1, 2, probe.sampler_tables.LOST, 1]
    assert "stacks" in observer.limits()
    assert observer.stacks.take_new() == [[0, []], [1, [1]], [2, [2]]]
    assert observer.stacks.take_new() == []
