"""The head of a drafted lab.toml: its origin, [project], and notes on what may distort results."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dashboard.project.labtoml.schema import SCHEMA_FILE
from dashboard.project.secrets.inheritance import is_handed_on, is_inherited
from dashboard.project.secrets.variables_read import variables_read
from dashboard.targets.onboarding.fallback_applications import (
    fallback_application,
    is_fallback_application,
)
from dashboard.targets.onboarding.inspection import SETTINGS, Inspection

from .server_choice import todays_server
from .toml_text import one_line, toml_string

OURS = " # the dashboard's own"
TODAY = "# how it is served today, which `survey` compares with: change it"


def header_comment(inspection: Inspection) -> str:
    """Return the first lines: the schema for editors, and where the draft comes from."""
    return (
        f"#:schema ./{SCHEMA_FILE}\n"
        f"# Drafted by `lab init` from {inspection.settings or inspection.directory.name},"
        f" Django {inspection.django}, Python {inspection.python_version}.\n"
        "# It starts processes, so read it before you use it. docs/lab.md describes every key.\n"
    )


def project_section(inspection: Inspection, location: Path) -> str:
    """Return [project], for a file in the directory `location`."""
    settings = {SETTINGS: inspection.settings} if inspection.settings else {}
    env = {**settings, **inspection.env}
    pairs = ", ".join(f"{name} = {toml_string(value)}" for name, value in env.items())
    lines = [
        "[project]",
        f"name = {toml_string(inspection.project_name)}",
        f"directory = {toml_string(os.path.relpath(inspection.directory, location))}",
        *_applications(inspection),
        f"python = {toml_string(inspection.python_shown)}" + ("" if inspection.python else OURS),
        f"env = {{ {pairs} }}",
        *_inherit_env(inspection, env),
        *_env_files(inspection),
        f"server = {toml_string(todays_server(inspection))} {TODAY}",
        '# setup = [["python", "manage.py", "migrate", "--noinput"]] # before the first target',
        '# neighbour = "/ping/" # a fast view: what other users feel during a burst',
    ]
    return "\n".join(lines) + "\n"


def _applications(inspection: Inspection) -> Iterator[str]:
    for interface, name in (("wsgi", inspection.wsgi), ("asgi", inspection.asgi)):
        if name and is_fallback_application(name):
            comment = (
                f"Django's own get_{interface}_application(): the project has no {interface}.py"
            )
            yield f"{interface} = {toml_string(name)} # {comment}"
        elif name:
            yield f"{interface} = {toml_string(name)}"
        elif interface in inspection.broken:
            fallback = toml_string(fallback_application(interface))
            comment = "Django's own, without what the project's module would add"
            yield f"# {interface} = {fallback} # {comment}"


def _inherit_env(inspection: Inspection, env: Mapping[str, str]) -> Iterator[str]:
    """Yield the key with the variables that manage.py and the settings take from elsewhere."""
    read = {*variables_read(inspection.directory, inspection.settings), *inspection.env_unknown}
    names = [
        name
        for name in sorted(read)
        if name not in env and is_handed_on(name) and not is_inherited(name)
    ]
    if names:
        comment = "what the settings read; of your environment, the servers get no more than this"
        yield f"inherit_env = [{', '.join(map(toml_string, names))}] # {comment}"


def _env_files(inspection: Inspection) -> Iterator[str]:
    if inspection.env_files:
        yield f"env_files = [{', '.join(map(toml_string, inspection.env_files))}]"


def notes_comment(notes: Sequence[str]) -> str:
    """Return the notes as a comment; empty if there are none."""
    if not notes:
        return ""
    return "\n".join(["# Worth knowing:", *(f"# - {one_line(note)}" for note in notes)]) + "\n"


def measurement_notes(inspection: Inspection) -> Iterator[str]:
    """Yield what in the project distorts a measurement or is missing, a sentence each."""
    if inspection.debug:
        yield "DEBUG is true, which slows every request down and keeps each query in memory."
    if inspection.refuses_loopback:
        yield "ALLOWED_HOSTS refuses loopback, so every request sends a Host that is allowed."
    if inspection.asgi and any(database["conn_max_age"] for database in inspection.databases):
        yield "CONN_MAX_AGE is set: under ASGI it keeps connections open that are not used again."
    yield from _missing_from_servers(inspection)
    if not any(route.family == "async" for route in inspection.routes):
        yield "No async view was found: each view is compared across servers."


def _missing_from_servers(inspection: Inspection) -> Iterator[str]:
    """Yield what manage.py has and the servers will not have."""
    for interface, name in (("wsgi", inspection.wsgi), ("asgi", inspection.asgi)):
        if interface in inspection.broken:
            yield f"No lanes under {interface.upper()}: {inspection.broken[interface]}."
        elif name is None:
            yield f"No {interface.upper()} application was found."
    for interface, settings in inspection.other_settings.items():
        yield (
            f"The {interface.upper()} module sets {settings} itself, whatever env contains: the"
            " servers use these settings, not those that were inspected."
        )
    for name in inspection.env_unknown:
        yield f"manage.py sets {name} to a value not written here: set it in your environment."
