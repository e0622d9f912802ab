"""What a draft says of routes that were asked once: kept, or commented out with the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dashboard.targets.onboarding.inspection import Inspection
from dashboard.targets.onboarding.login_form import LoginForm
from dashboard.targets.onboarding.trial_requests import TOTAL_TIMEOUT_S, TrialResult
from dashboard.wire.plural import counted

from .pairing import ScenarioDraft, split
from .sections import commented, host_header, one_line, project_name, scenario, toml_string


def scenario_texts(
    pieces: Sequence[ScenarioDraft], seen: Inspection, tried: TrialResult
) -> Iterator[str]:
    """The scenarios' texts; of a pair of which only one half answers, each half its own."""
    taken = {piece.name for piece in pieces}
    for piece in pieces:
        fates = {_kept(route.url_path, tried) for route in piece.routes}
        for part in [piece] if len(fates) == 1 else split(piece, taken):
            yield _tried_scenario(part, seen, tried)


def _kept(path: str, tried: TrialResult) -> bool:
    return path not in tried.answers or tried.answers[path].kept


def _tried_scenario(piece: ScenarioDraft, seen: Inspection, tried: TrialResult) -> str:
    answers = [(route.path, tried.answers.get(route.url_path)) for route in piece.routes]
    bad = [(path, one) for path, one in answers if one is not None and not one.kept]
    if bad:
        login = tried.form is not None and any(answer.login for _, answer in bad)
        why = "; ".join(f"{path} {answer.said}" for path, answer in bad)
        return commented(scenario(piece, seen, login=login), why)
    text = scenario(piece, seen)
    if tried.failure or all(answer for _, answer in answers):
        return text
    return f"# Not tried: the {TOTAL_TIMEOUT_S:g} s for it were over.\n{text}"


def trial_summary(tried: TrialResult) -> str:
    """What came of trying, in a sentence."""
    if tried.failure and not tried.answers:
        return f"Nothing was tried: {tried.failure}."
    kept = sum(answer.kept for answer in tried.answers.values())
    asked = counted(len(tried.answers), "path")
    text = f"{kept} of {asked} can be fired at as they are, by one GET each at {tried.server}"
    return f"{text}, which then failed: {tried.failure}." if tried.failure else f"{text}."


def trial_failure_comment(tried: TrialResult) -> str:
    """Why nothing was tried, and the project's own last lines, as comments; else empty."""
    if not tried.failure:
        return ""
    lines = [trial_summary(tried), *tried.log_tail.splitlines()]
    return "\n".join(f"# {one_line(line)}".rstrip() for line in lines) + "\n"


def login_hint(tried: TrialResult, seen: Inspection) -> str:
    """Return what to do where paths want a login, a sentence; empty where no form was met."""
    wanting = sum(answer.login for answer in tried.answers.values())
    if not wanting or tried.form is None:
        return ""
    paths = "1 path seems to want" if wanting == 1 else f"{wanting} paths seem to want"
    if tried.form.sent_to != tried.form.path:
        return f"{paths} a login, whose form is sent elsewhere: see [project.login] in the file."
    username, password = _variables(seen)
    return (
        f"{paths} a login: set {username} and {password} in the environment, then uncomment the"
        " scenarios with login = true."
    )


def _variables(seen: Inspection) -> tuple[str, str]:
    """Return the variables of the environment that name and password are expected in."""
    prefix = re.sub(r"\W|^(?=\d)", "_", project_name(seen)).upper()
    return f"{prefix}_USER", f"{prefix}_PASSWORD"


def login_table(tried: TrialResult, seen: Inspection) -> str:
    """[project.login] for the form that was met; empty where none was.

    Name and password are variables of the environment, which a person has to set.
    """
    form = tried.form
    if form is None:
        return ""
    username, password = _variables(seen)
    lines = [
        "[project.login]",
        f"path = {toml_string(form.path)}",
        f'username = "{username}" # variables of the environment: set them, then uncomment',
        f'password = "{password}" # what stands below with login = true',
        *_fields(form),
        *host_header(seen),
        "",
    ]
    text = "\n".join(lines)
    if form.sent_to == form.path:
        return text
    return commented(text, f"The form of {form.path} is sent to {form.sent_to}, not to itself.")


def _fields(form: LoginForm) -> Iterator[str]:
    if form.username_field != "username":
        yield f"username_field = {toml_string(form.username_field)}"
    if form.password_field != "password":  # noqa: S105 - what the form calls it
        yield f"password_field = {toml_string(form.password_field)}"
