"""The lab.toml that `lab import` drafts from a file with requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from dashboard.project.labtoml.schema import SCHEMA_FILE
from dashboard.targets.onboarding.draft.lab_toml import checked_sections, has_scenario
from dashboard.targets.onboarding.draft.pairing import slug
from dashboard.targets.onboarding.draft.project_section import notes_comment
from dashboard.targets.onboarding.draft.scenario_section import LOAD
from dashboard.targets.onboarding.draft.toml_text import commented_out, one_line, toml_string
from dashboard.targets.onboarding.route_rows import RowsFile, csv_text
from dashboard.wire.plural import counted

from .destination import Destination, NamedView
from .read_traffic import SECONDS, Traffic
from .views import View

MOST_SCENARIOS = 40
MOST_MINUTES = 7 * 24 * 60  # in a row, those without requests included
ARRIVALS = "arrivals.csv"
MIX = "traffic"  # the name of the mix
UNKNOWN_FAMILY = " # a guess: the file does not have it"


def named_views(traffic: Traffic, rows_directory: str) -> list[NamedView]:
    """Return the views to be drafted, each with a name of its own, which is not the mix's."""
    taken = {MIX}
    named = []
    for view in traffic.views[:MOST_SCENARIOS]:
        base = slug(_name_of(view))[:50].strip("-")
        name, number = base, 2
        while name in taken:
            name, number = f"{base}-{number}", number + 1
        taken.add(name)
        named.append(NamedView(name, view, f"{rows_directory}/{name}.csv" if view.rows else ""))
    return named


def traffic_files(
    traffic: Traffic, named: Sequence[NamedView], rows_directory: str
) -> list[RowsFile]:
    """Return the files beside the draft: rows, and the arrivals by minute."""
    files = [
        RowsFile(each.rows_file, csv_text(each.view.columns, each.view.rows))
        for each in named
        if each.rows_file
    ]
    if traffic.minutes:
        rows = [
            (_clock(minute), str(number), f"{number / SECONDS:.4g}")
            for minute, number in arrivals(traffic.minutes)
        ]
        text = csv_text(("minute", "requests", "per_second"), rows)
        files.append(RowsFile(f"{rows_directory}/{ARRIVALS}", text))
    return files


def arrivals(minutes: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return each minute with its requests; those without, too, unless there are too many."""
    first, last = min(minutes), max(minutes)
    if last - first >= MOST_MINUTES:
        return sorted(minutes.items())
    return [(minute, minutes.get(minute, 0)) for minute in range(first, last + 1)]


def draft_traffic(
    traffic: Traffic,
    named: Sequence[NamedView],
    destination: Destination,
    location: Path,
    *,
    source: str,
    rows_directory: str,
) -> str:
    """Return the text of a lab.toml in the directory `location`, where its files are already."""
    project = destination.section(location)
    requests = sum(each.view.requests for each in named)
    sections = list(
        checked_sections(
            project, [_section(each, destination, traffic, requests) for each in named], location
        )
    )
    parts = [
        _header(traffic, source),
        project,
        notes_comment([*_notes_on_rest(traffic, requests), *traffic.left_out]),
        _arrivals_comment(traffic, rows_directory),
        *sections,
        _mix_section(named, destination, traffic, sections),
    ]
    return "\n".join(part for part in parts if part)


def _name_of(view: View) -> str:
    if view.route is not None:
        name = view.route.name or view.route.function
    else:
        name = view.title.partition(" ")[2]
    return name if view.method == "GET" else f"{name}-{view.method}"


def _header(traffic: Traffic, source: str) -> str:
    span = ""
    if traffic.minutes:
        span = f", {_clock(min(traffic.minutes))} to {_clock(max(traffic.minutes))}"
    count = counted(traffic.requests, "request")
    number = f"{count}{span}" if traffic.minutes else f"{counted(traffic.requests, 'operation')}"
    return (
        f"#:schema ./{SCHEMA_FILE}\n"
        f"# Drafted by `lab import` from {one_line(source)}, {_a(traffic.kind)}: {number}.\n"
        "# Read it before you use it: a request does to the target what it did then."
        " docs/traffic.md has more.\n"
    )


def _notes_on_rest(traffic: Traffic, drafted: int) -> Iterator[str]:
    rest = traffic.views[MOST_SCENARIOS:]
    if rest:
        share = 1 - drafted / traffic.taken_in
        yield (
            f"Only the {MOST_SCENARIOS} most requested of {len(traffic.views)} paths are drafted;"
            f" the others are {share:.1%} of the requests."
        )


def _arrivals_comment(traffic: Traffic, rows_directory: str) -> str:
    if not traffic.minutes:
        return ""
    minutes = arrivals(traffic.minutes)
    busiest, most = max(minutes, key=lambda pair: pair[1])
    mean = sum(number for _, number in minutes) / len(minutes)
    return (
        f"# Arrivals, by minute: {rows_directory}/{ARRIVALS}. On average"
        f" {_rate(mean / SECONDS)}/s over {counted(len(minutes), 'minute')}; the busiest is"
        f" {_clock(busiest)} with {_rate(most / SECONDS)}/s.\n"
    )


def _section(named: NamedView, destination: Destination, traffic: Traffic, requests: int) -> str:
    """Return [scenario.NAME] below a comment with its share; a comment if it cannot be fired at."""
    view, key = named.view, f"scenario.{named.name}"
    headers = destination.headers(view)
    lines = [
        f"[{key}]",
        f"title = {toml_string(one_line(view.title))}",
        f"lanes = [{', '.join(map(toml_string, destination.lanes(named)))}]",
        *([f"rows = {toml_string(named.rows_file)}"] if named.rows_file else []),
        LOAD,
        "",
        f"[{key}.variant.{named.family}]",
        f"family = {toml_string(named.family)}{'' if view.route else UNKNOWN_FAMILY}",
        *([f"method = {toml_string(view.method)}"] if view.method != "GET" else []),
        f"path = {toml_string(view.path)}",
        *([f"source = {toml_string(view.route.view)}"] if view.route and view.route.view else []),
        *([headers] if headers else []),
        *([f"body = {toml_string(view.body)}"] if view.body else []),
        *(["login = true"] if view.route and view.route.login else []),
        "",
    ]
    section = "\n".join(lines)
    if view.problem:
        section = commented_out(section, f"{view.title}: {view.problem}.")
    share = _share_comment(named, traffic, requests)
    return f"{share}\n{section}" if share else section


def _mix_section(
    named: Sequence[NamedView],
    destination: Destination,
    traffic: Traffic,
    sections: Sequence[str],
) -> str:
    """Return [mix.traffic] with the scenarios that can be fired at, if there are several."""
    usable = [
        each
        for each, section in zip(named, sections, strict=True)
        if has_scenario(section) and each.view.method != "HEAD"
    ]
    if len(usable) < 2:
        return ""
    servers = dict.fromkeys(
        lane.partition("@")[2] for each in usable for lane in destination.lanes(each)
    )
    weights = [
        f"{toml_string(f'{each.name}.{each.family}')} = {each.view.requests}" for each in usable
    ]
    return "\n".join(
        [
            f"# All of them as one load: `burst {MIX}`; who slows whom down: `mix {MIX}`.",
            f"[mix.{MIX}]",
            'title = "The traffic as it was"',
            f"servers = [{', '.join(map(toml_string, servers))}]",
            *_mix_rate(traffic, usable),
            "",
            f"[mix.{MIX}.weights]",
            *weights,
            "",
        ]
    )


def _mix_rate(traffic: Traffic, named: Sequence[NamedView]) -> Iterator[str]:
    """Yield the line with the rate of the busiest minute, if it is known."""
    if traffic.minutes:
        share = sum(each.view.requests for each in named) / traffic.taken_in
        rate = max(traffic.minutes.values()) * share / SECONDS
        yield f"rate = {_rate(rate)} # per second, of the busiest minute"


def _share_comment(named: NamedView, traffic: Traffic, requests: int) -> str:
    """Return the share of a view, and its rate in the busiest minute with the command for it."""
    if not traffic.minutes:
        return ""
    share = named.view.requests / requests
    rate = max(traffic.minutes.values()) * share / SECONDS
    return (
        f"# {share:.2%} of the requests, {named.view.requests:,}; in the busiest minute:"
        f" burst {named.name} --rate {_rate(rate)} --duration 60 --poisson"
    )


def _rate(per_second: float) -> str:
    """Return a rate for a command: 93, 1.55, 0.003; never 0."""
    return f"{max(per_second, 0.001):.3f}".rstrip("0").rstrip(".")


def _clock(minute: int) -> str:
    return datetime.fromtimestamp(minute * SECONDS, UTC).strftime("%Y-%m-%d %H:%M")


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiouO' else 'a'} {kind}"
