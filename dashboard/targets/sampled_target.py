"""A target of its own with the sampler in its processes, for one firing whose times do not count.

No target that is timed has the sampler in it.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dashboard.project.model.service import target_name
from dashboard.project.project import Project
from dashboard.targets.lifecycle.external_target import ExternalTarget
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.lifecycle.target import Target
from dashboard.targets.observe.sampler_files import read_looks, sampler_environment
from dashboard.targets.supervise.cores import Cores
from dashboard.wire.errors import TargetFailed
from dashboard.wire.plan.plan import Lane
from dashboard.wire.traces.looks import Looks

LOG_DIRECTORY = Path("logs", "where")  # apart, so that a run's logs are not overwritten


@dataclass(frozen=True)
class SampledTarget:
    """A target whose requests are looked at from its start to its end.

    `served_from` is the directory of the project's code, there until the target's block ends.
    """

    target: Target
    served_from: Path
    _files: Path

    async def looks(self, start_ns: int, end_ns: int) -> Looks:
        """Return the looks at requests that entered between two instants (monotonic ns)."""
        return await read_looks(self._files, self.served_from, start_ns, end_ns)


@asynccontextmanager
async def sampled_target(
    project: Project,
    scenario: str,
    lane: Lane,
    *,
    mark: str,
    home: Path,
    cores: Cores,
    prepared: bool,
    on_step: Callable[[str], None],
) -> AsyncIterator[SampledTarget]:
    """Start a target of a lane for as long as the block lasts, with the companions that it needs.

    `prepared`: set-up commands are not run again. `on_step` is called with what is done, in words.
    Raises TargetFailed if it does not start, or is not ours to start.
    """
    variant = project.scenarios[scenario].variants[lane.variant]
    name = target_name(lane.server, variant.overrides)
    logs = home / LOG_DIRECTORY
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=logs) as directory:
        sampled = _with_sampler(project, Path(directory), prepared=prepared)
        targets = Targets(sampled, mark=mark, log_directory=logs, cores=cores, home=home)
        try:
            target = await targets.ready(
                name, lambda _, message: on_step(message), scenario, variant.login
            )
            if isinstance(target, ExternalTarget):
                raise TargetFailed(f"{lane.server}: expected a server that we start")
            yield SampledTarget(target, _served_from(target, project), Path(directory))
        finally:
            await targets.stop()


def _with_sampler(project: Project, directory: Path, *, prepared: bool) -> Project:
    env = {**project.env, **sampler_environment(directory)}
    return replace(project, env=env, setup=() if prepared else project.setup)


def _served_from(target: Target, project: Project) -> Path:
    """Return the directory of the code: another than the project's for a version of it."""
    version = target.facts.get("version")
    return Path(version["directory"]) if version else project.directory
