"""Builds what browsers are sent, unless it is current: `python -m dashboard.packaging.bundle`.

esbuild makes one minified file, with its source map, of each entry and everything that this
imports. It is installed by npm, but a program of its own: the build runs no Node.js.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from dashboard.state.home import ROOT
from dashboard.web.serving.bundle import (
    DIRECTORY,
    IN_FILE,
    MANIFEST,
    REPLACED,
    current_bundle,
    fingerprint,
)

STATIC: Final = ROOT / "static"
# npm installs the program of this platform alone.
ESBUILD: Final = next(
    ROOT.glob("node_modules/@esbuild/*/bin/esbuild"), ROOT / "node_modules/@esbuild"
)
ENTRIES: Final = (
    *("js/main.js", "css/page.css", "css/claims.css", "css/explore.css"),
    *("css/survey.css", "css/xray.css"),
)
# As it is, with its hash: htmx is minified already, and a script that defines a global name.
COPIES: Final = {
    "htmx.org/htmx.min.js": ROOT / "node_modules" / "htmx.org" / "dist" / "htmx.min.js",
}
OPTIONS: Final = (
    *("--bundle", "--minify", "--format=esm", "--charset=utf8"),
    *("--entry-names=[name]-[hash]", "--log-level=warning"),
)


class NotBuilt(Exception):
    """esbuild is not installed, or reported an error of the sources."""


def main() -> int:
    """Build; return 1 and print the reason if that is not possible."""
    try:
        if current_bundle() is None:
            build(DIRECTORY)
    except NotBuilt as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def build(directory: Path) -> None:
    """Write the bundle, its manifest last, and remove what an earlier one left.

    Several processes may do so at once: files of the same name have the same content. Raises
    NotBuilt.
    """
    if not all(path.is_file() for path in (ESBUILD, *COPIES.values())):
        raise NotBuilt("esbuild or htmx is missing in node_modules/: run `npm ci`, or `make run`.")
    sources = fingerprint()
    directory.mkdir(parents=True, exist_ok=True)
    # Beside it, since the paths in source maps are relative.
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix="static-") as temporary:
        output = Path(temporary)
        names = {**_entries(output), IN_FILE: _script_in_file(output), **_copies(output)}
        files = sorted(path.name for path in output.iterdir())
        for name in files:
            compressed = gzip.compress((output / name).read_bytes(), mtime=0)
            (output / f"{name}.gz").write_bytes(compressed)
        for path in output.iterdir():
            path.replace(directory / path.name)
        manifest = json.dumps({"sources": sources, "names": names, "files": files}, indent=1)
        (output / MANIFEST).write_text(manifest)
        (output / MANIFEST).replace(directory / MANIFEST)
    for path in directory.iterdir():
        if path.name.removesuffix(".gz") not in {*files, MANIFEST}:
            path.unlink(missing_ok=True)


def _entries(output: Path) -> dict[str, str]:
    """Bundle the page's scripts and styles, with source maps; return the names of their files."""
    _run_esbuild(STATIC, output, *ENTRIES, "--sourcemap")
    return {name: _file_of(output, Path(name)) for name in ENTRIES}


def _script_in_file(output: Path) -> str:
    """Bundle the script of exported files, and return its name."""
    entry = Path(IN_FILE)
    with tempfile.TemporaryDirectory() as temporary:
        scripts = Path(shutil.copytree(STATIC / "js", Path(temporary) / "js"))
        for name, replacement in REPLACED.items():
            (scripts / replacement).rename(scripts / name)
        (scripts / "main.js").rename(scripts / entry.name)
        _run_esbuild(scripts, output, entry.name)
    return _file_of(output, entry)


def _run_esbuild(directory: Path, output: Path, *arguments: str) -> None:
    command = [str(ESBUILD), *arguments, *OPTIONS, f"--outdir={output}"]
    if subprocess.run(command, cwd=directory, check=False).returncode:
        raise NotBuilt("esbuild could not bundle static/, as it reports above.")


def _file_of(output: Path, source: Path) -> str:
    """Return the name that esbuild gave to what it built of an entry."""
    (path,) = output.glob(f"{source.stem}-????????{source.suffix}")
    return path.name


def _copies(output: Path) -> dict[str, str]:
    names = {}
    for name, path in COPIES.items():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        names[name] = f"{path.name.partition('.')[0]}-{digest}{path.suffix}"
        shutil.copyfile(path, output / names[name])
    return names


if __name__ == "__main__":
    sys.exit(main())
