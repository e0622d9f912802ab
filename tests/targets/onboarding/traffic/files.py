"""Files with requests, as a server, a browser or a generator of descriptions writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashboard.targets.onboarding.traffic.read_traffic import Traffic, read_traffic
from dashboard.targets.onboarding.traffic.selection import Choice

START = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
GET = Choice()


def entry(
    target: str, *, method: str = "GET", status: int = 200, second: float = 0, user: str = "-"
) -> str:
    """Return a line of nginx's combined format, which gunicorn's default is like."""
    at = datetime.fromtimestamp(START.timestamp() + second, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    request = f'"{method} {target} HTTP/1.1"'
    return f'203.0.113.9 - {user} [{at}] {request} {status} 512 "-" "Mozilla/5.0 (X11)"'


def log(directory: Path, *lines: str, name: str = "access.log") -> Path:
    """Write a log and return it."""
    path = directory / name
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def recorded(url: str, *, method: str = "GET", **request: Any) -> dict[str, Any]:
    """Return an entry of a HAR file."""
    return {
        "startedDateTime": "2026-11-30T10:00:00.250Z",
        "time": 12.5,
        "request": {"method": method, "url": url, "headers": [], "cookies": [], **request},
        "response": {"status": 200, "content": {"text": "a page"}},
        "timings": {},
    }


def har(directory: Path, *entries: dict[str, Any], name: str = "shop.har") -> Path:
    """Write a HAR file and return it."""
    path = directory / name
    log = {"version": "1.2", "creator": {"name": "a browser"}, "entries": list(entries)}
    path.write_text(json.dumps({"log": log}, indent=2))
    return path


def read(path: Path, choice: Choice = GET, **options: Any) -> Traffic:
    """Read a file as `lab import` does."""
    return read_traffic(path, choice, **options)


def counts(traffic: Traffic) -> dict[str, int]:
    """Return the number of requests by title."""
    return {view.title: view.requests for view in traffic.views}
