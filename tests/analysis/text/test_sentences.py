"""The verdict sentence agrees with its numbers, whatever they are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.inference.comparison import Interval, compare
from dashboard.analysis.samples.rounds import log_ratios
from dashboard.analysis.text.lane_texts import price
from dashboard.analysis.text.markdown import markdown
from dashboard.analysis.text.numbers import (
    compared_with,
    faster_or_slower,
    milliseconds,
    percent,
    ratio_range,
    seconds_of,
    significant,
    times,
    times_between,
)
from dashboard.analysis.text.verdict.disturbed import WORST_CASE, mark
from dashboard.analysis.text.verdict.sentences import headline, sentence
from dashboard.wire.plan.plan import MARGIN
from dashboard.wire.plural import counted
from tests.analysis.causes.test_causes import (
    BLOCKED,
    ONE,
    PLANTED,
    STREAMED,
    THREADS,
    WAITING,
    free,
)
from tests.analysis.planted import Planted, at_once, report_of

ratios = st.floats(0.001, 1000)


def judged(low: float, ratio: float, high: float, metric: str = "makespan_s") -> Any:
    """Return a report with a single comparison of this interval."""
    answer = Interval(ratio, low, high, 0.95, 6, "paired t").answer(MARGIN)
    comparison = {
        "lane": "b@y", "answer": answer, "ratio": ratio, "interval": [low, high], "level": 0.95,
        "rounds": 6, "causes": [], "factors": None,
    }  # fmt: skip
    verdict = {
        "metric": metric, "baseline": "a@x", "margin": MARGIN, "spoiled": None, "control": None,
        "comparisons": [comparison],
    }  # fmt: skip
    return {"verdict": verdict, "lanes": []}


FASTER = ("× faster", "less time")
SLOWER = ("× as long", "longer")


def holds_any(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text for word in words)


@given(st.tuples(ratios, ratios, ratios).map(sorted))
def test_the_sentence_never_contradicts_its_interval(ends: list[float]) -> None:
    low, ratio, high = ends
    report = judged(low, ratio, high)
    (comparison,) = report["verdict"]["comparisons"]
    text = sentence(report)
    match comparison["answer"]:
        case "differs":
            assert holds_any(text, FASTER) == (high < 1)
            assert holds_any(text, SLOWER) == (low > 1)
            assert "o difference" not in text
        case "no-difference":
            assert text.startswith("No difference larger than 3 % between b@y and a@x")
            assert 1 / 1.03 <= low <= high <= 1.03
        case _:
            assert text.startswith("Undecided after 6 rounds: b@y took ")
            (shown,) = re.findall(r"took ([\d.]+)–([\d.]+)× as long", text)
            assert [(float(end) < 1, float(end) > 1) for end in shown] == [
                (end < 1, end > 1) for end in (low, high)
            ]


@given(ratios)
def test_a_ratio_that_is_not_one_is_never_written_as_one(ratio: float) -> None:
    if abs(ratio - 1) > 1e-6:
        assert float(times(ratio)) != 1
        assert (float(times(ratio)) > 1) == (ratio > 1)
        assert not re.search(r"(?<![\d.])(0 %|1×)", faster_or_slower(ratio))


@given(st.floats(1e-6, 1 - 1e-6))
def test_a_percentage_is_never_rounded_to_nothing_or_all(share: float) -> None:
    assert percent(share) not in {"0 %", "100 %"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (faster_or_slower(1 / 5.12), "5.1× faster"),
        (faster_or_slower(0.88), "12 % less time"),
        (faster_or_slower(1.12), "12 % longer"),
        (faster_or_slower(1.92), "1.9× as long"),
        (faster_or_slower(1), "as long"),
        (faster_or_slower(1.004), "0.4 % longer"),
        (compared_with(0.2, "a@x"), "5× faster than a@x"),
        (compared_with(2.0, "a@x"), "2× as long as a@x"),
        (compared_with(1.0, "a@x"), "as long as a@x"),
        (compared_with(1.12, "a@x"), "12 % longer than a@x"),
        (ratio_range(0.2, 0.25), "4–5× faster"),
        (ratio_range(0.9, 1.3), "0.9–1.3× as long"),
        (times(0.996), "0.996"),
        (times(1.003), "1.003"),
        (times_between(4.93, 5.28), "4.9–5.3"),
        (times_between(12.93, 13.21), "12.9–13.2"),
        (times_between(1.002, 1.004), "1.002–1.004"),
        (percent(0.975), "97.5 %"),
        (percent(0.95), "95 %"),
        (percent(0.99), "99 %"),
        (percent(0.985), "98.5 %"),
        (percent(1.37499), "137 %"),
        (significant(61234, 2), "61000"),
        (milliseconds(624.2), "624 ms"),
        (milliseconds(1234), "1.23 s"),
        (milliseconds(999.6), "1 s"),
        (milliseconds(0.0317), "0.0317 ms"),
        (seconds_of(0.42), "420 ms"),
    ],
)
def test_numbers_have_the_digits_they_carry(text: str, expected: str) -> None:
    assert text == expected


def test_a_pool_of_threads_that_is_slower_names_its_cause() -> None:
    sentence_ = report_of([THREADS, free()], 100)["verdict"]["sentence"]
    assert re.search(
        r"^async@daphne was [\d.]+× faster than sync@gunicorn-gthread \(95 %: [\d.]+–[\d.]+\),"
        r" because gunicorn had only 8 threads\. sync@gunicorn-gthread handled at most 8 requests"
        r" at once: it has 8 threads; the other 92 waited 6\d\d ms \(median\)\.",
        sentence_,
    )


@pytest.mark.parametrize(("name", "slow", "fast"), PLANTED, ids=[case[0] for case in PLANTED])
@pytest.mark.parametrize("rounds", [1, 4, 5])
def test_a_sentence_has_no_superlative_and_no_unknown(
    name: str, slow: Any, fast: Any, rounds: int
) -> None:
    sentence_ = report_of([slow, fast], 20, rounds)["verdict"]["sentence"]
    assert not re.search(r"None|nan|inf\b|best|fastest|slowest|always|\bthe most\b", sentence_)
    assert sentence_.endswith(".")
    assert (f"First look ({counted(rounds, 'round')})" in sentence_) == (rounds < 5)
    assert (" %: " in sentence_) == (rounds >= 5)


def test_server_and_code_apart_multiply_to_the_whole() -> None:
    lanes = [THREADS, free(180, name="sync@daphne"), free(name="async@daphne")]
    verdict = report_of(lanes, 100)["verdict"]
    whole = verdict["comparisons"][1]
    server, code = whole["factors"]
    assert (server["what"], server["end"]) == ("server", "sync@daphne")
    assert (code["what"], code["begin"]) == ("variant", "sync@daphne")
    assert server["ratio"] * code["ratio"] == pytest.approx(whole["ratio"])
    assert verdict["comparisons"][0]["factors"] is None
    assert re.search(
        r"Of the difference of async@daphne, changing the server to daphne gives [\d.]+×"
        r" \([\d.]+–[\d.]+\), async gives [\d.]+× \([\d.]+–[\d.]+\)\.",
        verdict["sentence"],
    )


def test_below_five_rounds_nothing_is_decomposed() -> None:
    lanes = [THREADS, free(180, name="sync@daphne"), free(name="async@daphne")]
    verdict = report_of(lanes, 100, rounds=4)["verdict"]
    assert [comparison["factors"] for comparison in verdict["comparisons"]] == [None, None]
    assert "Of the difference" not in verdict["sentence"]


def test_a_step_whose_interval_holds_1_is_no_change_that_was_shown() -> None:
    lanes = [THREADS, free(name="sync@daphne"), free(name="async@daphne")]
    report = report_of(lanes, 100)
    comparison = report["verdict"]["comparisons"][1]
    for low, high, words in [
        (0.9, 1.2, "async shows no clear change (0.83–1.1×)"),
        (0.98, 1.01, "async changes next to nothing"),
        (0.5, 0.6, "async gives 1.8× (1.7–2.0)"),
    ]:
        comparison["factors"][1].update(ratio=0.55, interval=[low, high])
        assert words in sentence(report)
    comparison["factors"][1]["interval"] = None
    assert "async shows no clear change." in sentence(report)


def test_without_a_lane_between_nothing_is_decomposed() -> None:
    lanes = [THREADS, free(), WAITING]
    assert all(
        comparison["factors"] is None
        for comparison in report_of(lanes, 100)["verdict"]["comparisons"]
    )


def test_a_buffered_answer_does_not_explain_the_total_time() -> None:
    without_cause = Planted("list@elsewhere", at_once(500))
    sentence_ = report_of([without_cause, STREAMED], 20)["verdict"]["sentence"]
    assert "buffered its answers" in sentence_
    assert "Why stream@daphne differs: cause not found." in sentence_


def test_an_a_a_run_that_differs_gives_the_reason_to_distrust_the_machine() -> None:
    lanes = [free(name="a@x"), free(150, name="a@y")]
    report = report_of(
        lanes, 20, control=True, instrument={"steal_percent": 4.2, "saturated": False}
    )
    control = report["verdict"]["control"]
    assert control["trusted"] is False
    assert "4.2 %" in control["why"][0]
    assert "cannot be trusted now" in report["verdict"]["sentence"]
    assert report["verdict"]["comparisons"][0]["causes"] == []


def test_a_control_without_a_difference_trusts_it() -> None:
    report = report_of([free(name="a@x"), free(name="a@y")], 20, control=True)
    assert report["verdict"]["control"] == {"trusted": True, "why": []}


def test_one_lane_alone_has_no_verdict() -> None:
    assert report_of([free()], 20)["verdict"] is None


def test_the_price_names_what_is_known() -> None:
    side = {"peak_threads": 11, "peak_rss_mb": 61.234, "cpu_ms_per_request": 1.1}
    lane: Any = {"server_side": side}
    assert price(lane) == "11 threads, 61.2 MiB, 1.1 ms of CPU per request"
    unknown: Any = {"server_side": dict.fromkeys(side)}
    assert price(unknown) == "unknown"


def test_the_markdown_has_a_row_for_each_lane_and_the_sentence() -> None:
    report = report_of([ONE, BLOCKED, free()], 20, warnings=["Something."])
    text = markdown(report, [("a@b.ok > 1", True), ("a@b.ok > 2", False)])
    verdict = report["verdict"]
    assert f"**{verdict['headline']}**" in text
    assert verdict["sentence"].removeprefix(verdict["headline"]).strip() in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 3
    assert len({row.count("|") for row in rows}) == 1
    assert "- held: `a@b.ok > 1`" in text
    assert "- **did not hold**: `a@b.ok > 2`" in text
    assert "- Warning: Something." in text


def in_disturbed(answer: str, ratio: float | None, ends: list[float] | None) -> str:
    """Return the sentence of a disturbed run with one comparison, with this worst case."""
    low, high = ends or (1.0, 1.0)
    report = judged(low, 1.0 if ratio is None else ratio, high)
    comparison = {**report["verdict"]["comparisons"][0], "answer": answer, "interval": ends}
    comparison["ratio"] = ratio
    disturbed = {"reason": "The engine was at its limit: it was late.", "intervals": {"b@y": ends}}
    verdict = {**report["verdict"], "comparisons": [comparison], "disturbed": disturbed}
    disturbed_report: Any = {**report, "verdict": verdict}
    return sentence(disturbed_report)


DISTURBED = "The run was disturbed. The engine was at its limit: it was late."


def test_a_disturbed_run_states_what_still_follows() -> None:
    assert in_disturbed("differs", 1 / 3.4, [1 / 4.4, 1 / 2.9]) == (
        "Disturbed, yet b@y was at least 2.9× faster than a@x (95 %, worst case; measured 3.4×)."
        f" {DISTURBED} {WORST_CASE} Why b@y differs: cause not found."
    )
    slower = (
        "Disturbed, yet b@y took at least 2.9× as long as a@x (95 %, worst case; measured 3.4×)."
    )
    assert in_disturbed("differs", 3.4, [2.9, 4.4]).startswith(f"{slower} {DISTURBED}")


@pytest.mark.parametrize(
    ("answer", "ratio", "ends", "words"),
    [
        (
            *("no-difference", 1.01, [0.99, 1.02]),
            "Disturbed, yet no difference larger than 3 % between b@y and a@x (95 %, worst case: −1"
            " to +2 %).",
        ),
        (
            *("undecided", 0.9, [0.7, 1.25]),
            "Disturbed and undecided: b@y took 0.7–1.2× as long as a@x (95 %, worst case).",
        ),
        (
            *("not-trusted", 0.5, [0.2, 1.25]),
            "No verdict, the load generator was late: b@y was 2× faster than a@x (worst case:"
            " 0.8–5×).",
        ),
        (
            *("not-trusted", 0.5, None),
            "No verdict, the load generator was late: b@y was 2× faster than a@x.",
        ),
        (
            *("not-trusted", None, None),
            "No verdict, the load generator was late: b@y cannot be compared with a@x.",
        ),
        (
            *("first-look", 0.5, [0.4, 0.6]),
            "First look (6 rounds, disturbed): b@y was at least 1.7× faster than a@x (worst case;"
            " measured 2×).",
        ),
        (
            *("first-look", 1.01, [0.98, 1.03]),
            "First look (6 rounds, disturbed): b@y took about as long as a@x (worst case: −2 to"
            " +3 %).",
        ),
    ],
)
def test_every_answer_of_a_disturbed_run_is_marked(
    answer: str, ratio: float | None, ends: list[float] | None, words: str
) -> None:
    sentence_ = in_disturbed(answer, ratio, ends)
    assert sentence_.startswith(words)
    assert DISTURBED in sentence_
    assert (WORST_CASE in sentence_) == (ends is not None)


@given(st.tuples(ratios, ratios, ratios).map(sorted))
def test_a_disturbed_run_never_states_more_than_its_worst_case(ends: list[float]) -> None:
    low, ratio, high = ends
    answer = Interval(ratio, low, high, 0.95, 6, "paired t", (ratio, ratio)).answer(MARGIN)
    sentence_ = in_disturbed(answer, ratio, [low, high])
    assert DISTURBED in sentence_
    assert ("at least" in sentence_) == (answer == "differs") == ((low > 1 or high < 1) and not (
        low >= 1 / (1 + MARGIN) and high <= 1 + MARGIN
    ))  # fmt: skip
    assert ("No verdict" in sentence_) == (answer == "not-trusted")


@pytest.mark.parametrize(
    ("comparison", "disturbed", "words"),
    [
        ({"answer": "differs", "ratio": 0.5}, None, ""),
        ({"answer": "differs", "ratio": 0.5}, {"reason": "late"}, "disturbed"),
        ({"answer": "not-trusted", "ratio": 0.5}, {"reason": "late"}, "not trusted"),
        ({"answer": "not-trusted", "ratio": 0.5}, None, "not trusted"),
        ({"answer": "errors", "ratio": None}, {"reason": "late"}, ""),
    ],
)
def test_a_doubtful_ratio_is_always_marked(
    comparison: dict[str, Any], disturbed: dict[str, Any] | None, words: str
) -> None:
    verdict: Any = {"comparisons": [{"lane": "b@y", **comparison}], "disturbed": disturbed}
    assert mark(verdict, "b@y") == words
    assert mark(verdict, "a@x") == mark(None, "b@y") == ""


FIRST_LOOKS = [
    ([0.143, 0.124, 0.080], [0.132, 0.139, 0.263], "3 rounds: 0.92–3.3×"),
    ([0.1, 0.1], [0.2, 0.4], "2 rounds: 2–4×"),
    ([0.2, 0.4], [0.1, 0.1], "2 rounds: 2–4×"),
    ([0.1, 0.1, 0.1], [0.2, 0.21, 0.22], "3 rounds"),  # close together
    ([0.1, 0.1, 0.1], [0.099, 0.101, 0.1], "3 rounds"),  # on both sides of 1, inside the margin
    ([0.1, 0.1, 0.1], [0.09, 0.11, 0.1], "3 rounds: −10 to +10 %"),
    ([0.1], [0.4], "1 round"),
]


@pytest.mark.parametrize(("base_s", "lane_s", "rounds"), FIRST_LOOKS)
def test_a_first_look_shows_how_far_its_rounds_are_apart(
    base_s: list[float], lane_s: list[float], rounds: str
) -> None:
    by_round = [dict(enumerate(values)) for values in (base_s, lane_s)]
    (comparison,) = compare([log_ratios(*by_round)], [None])
    report = judged(1, 1, 1)
    report["verdict"]["comparisons"][0] |= {
        "answer": comparison.answer, "ratio": comparison.ratio, "rounds": comparison.rounds,
        "interval": None, "round_ratios": comparison.between,
    }  # fmt: skip
    assert headline(report).startswith(f"First look ({rounds}): b@y ")


def test_reports_carry_the_ratios_of_their_rounds() -> None:
    (comparison,) = report_of([THREADS, free()], 20, 3)["verdict"]["comparisons"]
    low, high = comparison["round_ratios"]
    assert low <= comparison["ratio"] <= high
