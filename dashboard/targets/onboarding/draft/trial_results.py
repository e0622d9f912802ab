"""The parts of a draft that a trial decides: usable scenarios, the others commented out, login."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.login_form import LoginForm
from dashboard.targets.onboarding.trial_requests import NO_ENTRY, TOTAL_TIMEOUT_S, TrialResult
from dashboard.wire.plural import counted

from .pairing import ScenarioDraft, split
from .scenario_section import host_header, scenario_section
from .toml_text import commented_out, one_line, toml_string


def scenario_sections(
    scenarios: Sequence[ScenarioDraft], inspection: Inspection, trial: TrialResult
) -> Iterator[str]:
    """Yield the scenarios' texts; a pair of which only one half is usable becomes two."""
    names = {scenario.name for scenario in scenarios}
    for scenario in scenarios:
        usable = {_usable_and_logged_in(route.url_path, trial) for route in scenario.routes}
        for part in [scenario] if len(usable) == 1 else split(scenario, names):
            yield _scenario_section(part, inspection, trial)


def _usable_and_logged_in(path: str, trial: TrialResult) -> tuple[bool, bool]:
    answer = trial.answers.get(path)
    return (answer.usable, answer.logged_in) if answer else (True, False)


def _scenario_section(scenario: ScenarioDraft, inspection: Inspection, trial: TrialResult) -> str:
    answers = [(route.path, trial.answers.get(route.url_path)) for route in scenario.routes]
    refused = [(path, answer) for path, answer in answers if answer and not answer.usable]
    login = any(answer is not None and answer.logged_in for _, answer in answers)
    if refused:
        login |= trial.form is not None and any(answer.login for _, answer in refused)
        reason = "; ".join(f"{path} {answer.description}" for path, answer in refused)
        return commented_out(scenario_section(scenario, inspection, login=login), reason)
    section = scenario_section(scenario, inspection, login=login)
    if trial.failure or all(answer for _, answer in answers):
        return section
    return f"# Not tried: the {TOTAL_TIMEOUT_S:g} s for the trial were over.\n{section}"


def trial_summary(trial: TrialResult) -> str:
    """Return the result of the trial, in a sentence."""
    if trial.failure and not trial.answers:
        return f"Nothing was tried: {trial.failure}."
    usable = sum(answer.usable for answer in trial.answers.values())
    paths = counted(len(trial.answers), "path")
    logged_in = sum(answer.usable and answer.logged_in for answer in trial.answers.values())
    text = f"{usable} of {paths} can be fired at as they are, by one GET each at {trial.server}"
    text += f", {logged_in} of them logged in" if logged_in else ""
    return f"{text}, which then failed: {trial.failure}." if trial.failure else f"{text}."


def trial_failure_comment(trial: TrialResult) -> str:
    """Return why nothing was tried, with the log's last lines, as a comment; else empty."""
    if not trial.failure:
        return ""
    lines = [trial_summary(trial), *trial.log_tail.splitlines()]
    return "\n".join(f"# {one_line(line)}".rstrip() for line in lines) + "\n"


def login_hint(trial: TrialResult, inspection: Inspection) -> str:
    """Return how to log in, a sentence; empty if no path requires it or no form was found."""
    protected = sum(answer.login for answer in trial.answers.values())
    if not protected:
        return ""
    if trial.form is None:
        return _token_hint(trial)
    paths = "1 path seems to require" if protected == 1 else f"{protected} paths seem to require"
    if trial.form.sent_to != trial.form.path:
        return f"{paths} a login, whose form is sent elsewhere: see [project.login] in the file."
    username, password = login_variables(inspection)
    if trial.login_problem:
        return f"{paths} a login, but {trial.login_problem}."
    return (
        f"{paths} a login: set {username} and {password} in the environment, then run this again"
        " with --force, or uncomment the scenarios with login = true."
    )


def _token_hint(trial: TrialResult) -> str:
    """Return how to send a token, as an API wants it that has no login form; else empty."""
    refused = sum(answer.status in NO_ENTRY for answer in trial.answers.values())
    if not refused:
        return ""
    paths = "1 path was" if refused == 1 else f"{refused} paths were"
    return (
        f"{paths} refused (401 or 403), and no login form was found: for an API, uncomment its"
        ' scenarios and add headers = { Authorization = "Bearer {env:TOKEN}" }, with the token in'
        " that variable of the environment."
    )


def login_variables(inspection: Inspection) -> tuple[str, str]:
    """Return the environment variables that are to hold user name and password."""
    prefix = re.sub(r"\W|^(?=\d)", "_", inspection.project_name).upper()
    return f"{prefix}_USER", f"{prefix}_PASSWORD"


def login_section(trial: TrialResult, inspection: Inspection) -> str:
    """Return [project.login] for the form that was found; empty without one."""
    form = trial.form
    if form is None:
        return ""
    username, password = login_variables(inspection)
    lines = [
        "[project.login]",
        f"path = {toml_string(form.path)}",
        f'username = "{username}" # the names of environment variables: set both; scenarios with',
        f'password = "{password}" # login = true use them',
        *_field_names(form),
        *host_header(inspection),
        "",
    ]
    section = "\n".join(lines)
    if form.sent_to == form.path:
        return section
    reason = f"The form of {form.path} is sent to {form.sent_to}, not to itself."
    return commented_out(section, reason)


def _field_names(form: LoginForm) -> Iterator[str]:
    if form.username_field != "username":
        yield f"username_field = {toml_string(form.username_field)}"
    if form.password_field != "password":  # nosec B105 # noqa: S105 - the name of the field
        yield f"password_field = {toml_string(form.password_field)}"
