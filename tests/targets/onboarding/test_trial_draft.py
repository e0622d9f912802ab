"""What a draft and its summary make of the answers of a trial."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashboard.management.lab_init.trial import trial_problem
from dashboard.project.labtoml.load import load_manifest
from dashboard.targets.onboarding.draft.lab_toml import draft_lab_toml
from dashboard.targets.onboarding.draft.trial_results import login_hint, trial_summary
from dashboard.targets.onboarding.login_form import LoginForm
from dashboard.targets.onboarding.trial_requests import TrialAnswer, TrialResult
from tests.runs.fakes import FakeTargets

from .test_draft import route, seen
from .trial_site import FOUND

GOOD, BAD = TrialAnswer(True, "answered 200", 200), TrialAnswer(False, "answered 404", 404)
REFUSED = TrialAnswer(False, "answered 401", 401, login=True)
TO_LOGIN = TrialAnswer(False, "answered 302 to /in/", 302, login=True)


def tried_draft(tmp_path: Path, tried: TrialResult, *routes: Any) -> tuple[str, Any]:
    inspection = seen(*routes, directory=tmp_path, python=None)
    text = draft_lab_toml(inspection, tmp_path, tried)
    (tmp_path / "lab.toml").write_text(text)
    return text, load_manifest(tmp_path / "lab.toml")


def test_usable_paths_are_kept_and_the_others_are_comments(tmp_path: Path) -> None:
    answers = {"/ok/": GOOD, "/no/": BAD, "/mine/": TO_LOGIN, "/report/": GOOD, "/areport/": BAD}
    form = LoginForm("/in/", "/in/", "login", "password")
    routes = [route("ok"), route("no"), route("mine", login=True), route("late")]
    pair = [route("report"), route("areport", "async")]
    text, project = tried_draft(tmp_path, TrialResult("daphne", answers, form), *routes, *pair)
    assert list(project.scenarios) == ["report", "ok", "late"]
    assert list(project.scenarios["report"].variants) == ["sync"]
    assert "# /areport/ answered 404\n# [scenario.report-async]" in text
    assert "# /no/ answered 404\n# [scenario.no]" in text
    assert "# /mine/ answered 302 to /in/\n# [scenario.mine]" in text
    assert "# Not tried: the 60 s for the trial were over.\n[scenario.late]" in text
    assert (project.login.path, project.login.username_field) == ("/in/", "login")
    assert (project.login.username, project.login.password) == ("SHOP_USER", "SHOP_PASSWORD")
    # uncommented, it is a scenario with a login
    mine = text[text.index("# [scenario.mine]") :].split("\n\n", 1)[0].replace("# ", "")
    (tmp_path / "lab.toml").write_text(text + mine.replace("\n#\n", "\n\n"))
    variant = load_manifest(tmp_path / "lab.toml").scenarios["mine"].variants["sync"]
    assert variant.login


def test_a_form_that_is_sent_elsewhere_is_a_comment(tmp_path: Path) -> None:
    form = LoginForm("/in/", "/in/check", "username", "password")
    text, project = tried_draft(tmp_path, TrialResult("daphne", {"/ok/": GOOD}, form), route("ok"))
    assert project.login is None
    assert "# The form of /in/ is sent to /in/check, not to itself." in text


def test_a_target_that_does_not_start_leaves_the_draft_unchanged(tmp_path: Path) -> None:
    tried = TrialResult(
        "daphne", failure="daphne ended with status 1", log_tail="KeyError\n\x07[a]"
    )
    routes = [route("ok"), route("mine", login=True)]
    text, project = tried_draft(tmp_path, tried, *routes)
    assert list(project.scenarios) == ["ok"]
    assert "# Nothing was tried: daphne ended with status 1.\n# KeyError\n#  [a]\n" in text
    assert "/mine/: it requires a login" in text


def test_pending_migrations_are_noted(tmp_path: Path) -> None:
    tried = TrialResult("daphne", {"/ok/": GOOD}, pending_migrations=True)
    assert "# - Migrations are pending" in tried_draft(tmp_path, tried, route("ok"))[0]


def test_what_answers_logged_in_is_drafted_with_a_login(tmp_path: Path) -> None:
    inside = TrialAnswer(True, "answered 200 (logged in)", 200, logged_in=True)
    refused = TrialAnswer(False, "answered 403 (logged in)", 403, logged_in=True)
    answers = {"/ok/": GOOD, "/mine/": inside, "/staff/": refused}
    answers |= {"/report/": GOOD, "/areport/": inside}
    routes = [route("ok"), route("mine", login=True), route("staff", login=True)]
    pair = [route("report"), route("areport", "async")]
    tried = TrialResult("daphne", answers, FOUND)
    text, project = tried_draft(tmp_path, tried, *routes, *pair)
    logins = {
        scenario.name: [variant.login for variant in scenario.variants.values()]
        for scenario in project.scenarios.values()
    }
    assert logins == {"report": [False], "report-async": [True], "ok": [False], "mine": [True]}
    assert "# /staff/ answered 403 (logged in)\n# [scenario.staff]" in text
    assert trial_summary(tried).endswith(", 2 of them logged in.")
    assert login_hint(tried, seen(route("ok"), directory=tmp_path, python=None)) == ""


def test_a_failed_login_is_reported_with_its_reason(tmp_path: Path) -> None:
    why = 'logging in with SHOP_USER and SHOP_PASSWORD failed: daphne: found 200 OK, "No"'
    tried = TrialResult("daphne", {"/a/": TO_LOGIN}, FOUND, login_problem=why)
    hint = login_hint(tried, seen(route("a"), directory=tmp_path, python=None))
    assert hint == f"1 path seems to require a login, but {why}."


@pytest.mark.parametrize(
    ("answers", "form", "words"),
    [
        (
            {"/a/": TO_LOGIN, "/b/": TO_LOGIN},
            FOUND,
            "2 paths seem to require a login: set SHOP_USER and SHOP_PASSWORD in the environment,"
            " then run this again with --force, or uncomment the scenarios with login = true.",
        ),
        (
            {"/a/": TO_LOGIN, "/b/": BAD},
            LoginForm("/in/", "/in/check", "login", "secret"),
            "1 path seems to require a login, whose form is sent elsewhere: see [project.login] in"
            " the file.",
        ),
        ({"/a/": TO_LOGIN}, None, ""),
        (
            {"/a/": REFUSED, "/b/": BAD},
            None,
            "1 path was refused (401 or 403), and no login form was found: for an API, uncomment"
            ' its scenarios and add headers = { Authorization = "Bearer {env:TOKEN}" }, with the'
            " token in that variable of the environment.",
        ),
        ({"/b/": BAD}, FOUND, ""),
    ],
)
def test_without_a_usable_path_the_last_line_explains_the_login(
    tmp_path: Path, answers: dict[str, TrialAnswer], form: LoginForm | None, words: str
) -> None:
    inspection = seen(route("a"), directory=tmp_path, python=None)
    project = FakeTargets().project
    file, tried = tmp_path / "lab.toml", TrialResult("daphne", answers, form)
    problem = trial_problem(tried, inspection, replace(project, scenarios={}), file)
    written = f"{file} was written: each path is in it as a comment, with what it answered."
    assert problem == "\n".join(filter(None, [written, words]))
