"""A success is judged by whether a view was called: redirects, caches, no probe."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.analysis.causes.view_calls import exceptions
from dashboard.analysis.lane.config import LaneConfig
from dashboard.analysis.report.expectations import Expectation
from dashboard.analysis.report.report import ReportContext, make_report
from dashboard.analysis.text.causes.view_calls import exception_text
from dashboard.analysis.text.markdown import markdown
from dashboard.project.labtoml.load import load_manifest
from dashboard.runs.planning.plans import make_plan
from dashboard.wire.failure import Failure
from dashboard.wire.frame import NO_VIEW, UNKNOWN
from dashboard.wire.report.answers import AnswerKind
from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.samples.test_stats import encoded, sample
from tests.runs.fakes import LIVEAPP

REQUESTS, ROUNDS = 20, 5
FIRST, SECOND = "sync@gunicorn-gthread", "async@daphne"
FASTER = f"{SECOND}.makespan_s / {FIRST}.makespan_s < 0.5"

CALLED: dict[str, int] = {}
NOT_CALLED = {"view_entered": NO_VIEW, "view_left": UNKNOWN}
UNKNOWN_VIEW = {"view_entered": UNKNOWN, "view_left": UNKNOWN}
WITHOUT_PROBE = {**UNKNOWN_VIEW, "entered": UNKNOWN, "process": UNKNOWN}
FAST = {"done": 10 * MS, "first_byte": 9 * MS}
REDIRECT = {"status": 302, **FAST}
REFUSED = {**REDIRECT, **NOT_CALLED, "error": int(Failure.REDIRECTED)}
LOGIN = {**REDIRECT, "view_left": 21 * MS, "error": int(Failure.LOGIN)}


def report(
    second: dict[str, int],
    first: dict[str, int] = CALLED,
    kinds: tuple[AnswerKind, ...] = (),
    rows: int = REQUESTS,
) -> Any:
    """Return the report of five rounds of two lanes, with these `rows` in the second."""
    plan = make_plan(
        load_manifest(LIVEAPP),
        scenario="sleep",
        lanes=[FIRST, SECOND],
        requests=REQUESTS,
        rounds=ROUNDS,
        seed=1,
    )
    frames = []
    for number in range(1, ROUNDS + 1):
        jitter = {"done": (100 + number % 2) * MS}
        plain = [sample(at, **{**jitter, **first}) for at in range(REQUESTS)]
        other = [sample(at, **(second if at < rows else FAST)) for at in range(REQUESTS)]
        frames += [encoded(plain, number=number), encoded(other, lane=1, number=number)]
    configs = [LaneConfig(), LaneConfig(answers=kinds)]
    return make_report(plan, ReportContext("r", "finished", {}, configs=configs), frames)


def answer(result: dict[str, Any]) -> str:
    return str(result["verdict"]["comparisons"][0]["answer"])


@pytest.mark.parametrize(
    ("second", "first", "expected"),
    [
        (FAST, CALLED, "differs"),
        (REDIRECT, CALLED, "differs"),  # the view's own: a form
        ({**FAST, "status": 304}, CALLED, "differs"),
        ({**FAST, **NOT_CALLED}, CALLED, "differs"),  # out of a cache
        (REFUSED, CALLED, "errors"),
        (LOGIN, CALLED, "errors"),
        (REFUSED, REFUSED, "errors"),
        ({**REDIRECT, **UNKNOWN_VIEW}, CALLED, "redirected"),
        ({**REDIRECT, **WITHOUT_PROBE}, WITHOUT_PROBE, "redirected"),
        ({**FAST, **WITHOUT_PROBE, "status": 304}, WITHOUT_PROBE, "differs"),
        ({**REDIRECT, **WITHOUT_PROBE}, {**WITHOUT_PROBE, "status": 302}, "differs"),
        ({**FAST, **WITHOUT_PROBE}, WITHOUT_PROBE, "differs"),
    ],
)
def test_the_origin_of_responses_decides_whether_there_is_a_verdict(
    second: dict[str, int], first: dict[str, int], expected: str
) -> None:
    result = report(second, first)
    assert answer(result) == expected
    # Exit status 1 where the faster lane may not have done the work.
    assert Expectation.parse(FASTER).holds(result) is (expected == "differs")


@pytest.mark.parametrize("path", ["makespan_s", "throughput_rps", "latency_ms.p50", "view.p50"])
def test_no_time_of_a_lane_that_failed_holds_anything(path: str) -> None:
    result = report(REFUSED, rows=REQUESTS // 2)
    for sign in "<>":
        judged = Expectation.parse(f"{SECOND}.{path} {sign} 15").judge(result)
        assert not judged.holds
        assert "failed" in str(judged.warning)
    assert Expectation.parse(f"{SECOND}.ok < 51").holds(result)
    assert Expectation.parse(f"{SECOND}.views.not_called > 49").holds(result)


def test_what_is_said_of_a_redirect_before_the_view() -> None:
    where: AnswerKind = {
        "status": 301,
        "type": None,
        "message": "",
        "where": "https://a/b/",
        "count": 100,
    }
    result = report(REFUSED, kinds=(where,))
    lane = result["lanes"][1]
    assert lane["errors"] == {"redirected-before-view": 100}
    assert lane["views"] == {
        "called": 0, "not_called": 100, "unknown": 0, "unknown_redirects": 0
    }  # fmt: skip
    assert lane["redirects"] == [{"status": 301, "to": "https://a/b/", "count": 100}]
    assert result["verdict"]["headline"].endswith(" 100 of 100 (100 redirected before the view).")
    warning = (
        f"{SECOND}: 100 of 100 requests were redirected before the view (301 to https://a/b/)."
    )
    assert warning in result["warnings"]
    assert warning in markdown(result)


def test_a_cache_is_named_as_what_was_measured() -> None:
    result = report({**FAST, **NOT_CALLED}, rows=REQUESTS - 1)
    assert result["lanes"][1]["skipped"] == {"200": 95}
    assert result["lanes"][1]["ok"] == 100
    assert any(
        "95 of 100 requests were answered without their view" in w for w in result["warnings"]
    )
    assert not any("without their view" in warning for warning in report(FAST)["warnings"])


@pytest.mark.parametrize("unknown", [UNKNOWN_VIEW, WITHOUT_PROBE])
def test_without_stamps_of_views_there_is_a_warning(unknown: dict[str, int]) -> None:
    result = report({**FAST, **unknown})
    warnings = [
        warning
        for warning in result["warnings"]
        if "whether a view was called is not known" in warning
    ]
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{SECOND}: ")
    redirected = report({**REDIRECT, **unknown}, rows=REQUESTS // 2)
    assert any(
        "50 of 100 requests were redirected" in warning for warning in redirected["warnings"]
    )
    assert "cannot be compared" in redirected["verdict"]["sentence"]


def test_exceptions_are_quoted_where_they_became_errors() -> None:
    kinds: tuple[Any, ...] = (
        {
            "status": 500, "type": "django.db.utils.OperationalError", "message": "no such table",
            "where": "shop/views.py:12 products", "count": 100,
        },
        {"status": 404, "type": "django.http.Http404", "message": "", "where": None, "count": 3},
        {"status": None, "type": "KeyError", "message": "'x'", "where": None, "count": 1},
    )  # fmt: skip
    failed = {**FAST, "status": 500, "error": int(Failure.STATUS)}
    result = report(failed, kinds=kinds)
    # A 404 that no request was answered with was mended, for example by an appended slash.
    assert [exception["status"] for exception in result["lanes"][1]["exceptions"]] == [500, None]
    assert (
        f"{SECOND}: 100 requests answered 500 by OperationalError: no such table"
        " (shop/views.py:12 products)"
    ) in markdown(result)
    assert exceptions(kinds, {}) == [kinds[2]]
    assert exception_text(kinds[1]) == "3 requests answered 404 by Http404"
    assert exception_text(kinds[2]) == "1 request ended by KeyError: 'x'"
