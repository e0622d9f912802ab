"""The documentation is a site: its links all lead somewhere, and it needs no network."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
LOADED = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src")}
MARKDOWN_LINK = re.compile(r"\]\(([^)\s]+)\)")


class Page(HTMLParser):
    """A page's links, what it loads by itself, and what can be jumped to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if (tag, name) in LOADED:
                self.loaded.append(value or "")
            elif (tag, name) == ("a", "href"):
                self.links.append(value or "")
            elif name == "id":
                self.anchors.add(value or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    directory = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(directory)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = directory.rglob("*.html")
    # What the page for nowhere links to is right on a server alone.
    return {path: Page(path) for path in pages if path.name != "404.html"}


def test_every_page_of_the_documentation_is_in_the_navigation(site: dict[Path, Page]) -> None:
    start = next(page for path, page in site.items() if path.name == "index.html")
    linked = {Path(urlsplit(link).path).stem for link in start.links}
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} <= linked | {"index"}


def test_a_page_loads_nothing_from_elsewhere(site: dict[Path, Page]) -> None:
    for path, page in site.items():
        assert [what for what in page.loaded if urlsplit(what).netloc] == [], path.name
        for what in page.loaded:
            if urlsplit(what).scheme == "data":  # within the page itself
                continue
            assert (path.parent / urlsplit(what).path).exists(), f"{path.name}: {what}"


def test_every_link_leads_somewhere(site: dict[Path, Page]) -> None:
    for path, page in site.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), f"{path.name}: {link}"
            if parts.fragment and target.suffix == ".html":
                assert unquote(parts.fragment) in site[target].anchors, f"{path.name}: {link}"


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "bench/README.md"])
def test_every_file_that_is_linked_is_there(name: str) -> None:
    path = ROOT / name
    for link in MARKDOWN_LINK.findall(path.read_text()):
        parts = urlsplit(link)
        assert parts.scheme or (path.parent / parts.path).exists(), f"{name}: {link}"
