"""Bad requests over HTTP, made from the OpenAPI document, and bad forms."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
from hypothesis import strategies as st

from .dashboard import Dashboard
from .door import Fault
from .values import octets, texts

DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
TIMEOUT_S = 30.0
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW")
HEADERS = ("Host", "Cookie", "HX-Request", "Accept", "Range", "X-Forwarded-For", "Content-Type")
RAW = (
    b"", b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET  / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"GET http://[::1 HTTP/1.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 9999999999999999999999\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A" * 70_000 + b": 1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
)  # fmt: skip


def _encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


class HttpDoor:
    """Requests of any method, path, query and headers, that change nothing; and raw bytes."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        url = urlsplit(dashboard.address)
        self._place = str(url.hostname), int(url.port or 0)
        self._connection = http.client.HTTPConnection(*self._place, timeout=TIMEOUT_S)

    @property
    def inputs(self) -> st.SearchStrategy[Any]:
        """Method, target, headers and body; or raw bytes."""
        places = st.sampled_from([self._dashboard.run, "none"]) | texts
        paths = [path for path, methods in DOCUMENT["paths"].items() if "get" in methods]
        queries = {path: self._query(path) for path in paths}
        target = st.sampled_from(paths).flatmap(
            lambda path: st.tuples(st.just(path), places, texts, queries[path])
        )
        headers = st.dictionaries(st.sampled_from(HEADERS), texts, max_size=2)
        # GET mostly: whatever else comes, its form has no CSRF token, and so changes nothing.
        methods = st.sampled_from(["GET"] * 8 + list(METHODS))
        requests = st.tuples(methods, target, headers, octets)
        return st.one_of(*[requests] * 9, st.sampled_from(RAW) | st.binary(max_size=300))

    @staticmethod
    def _query(path: str) -> st.SearchStrategy[list[tuple[str, str]]]:
        names = [one["name"] for one in DOCUMENT["paths"][path]["get"]["parameters"]]
        return st.lists(
            st.tuples(st.sampled_from([*names, "token", "x"]) | texts, texts), max_size=4
        )

    def answer(self, given: Any) -> str:
        """Return the status, or `closed` where raw bytes ended the connection."""
        return self._raw(given) if isinstance(given, bytes) else self._request(*given)

    def _request(
        self, method: str, target: tuple[str, str, str, Any], headers: dict[str, str], body: bytes
    ) -> str:
        path, run, other, query = target
        for name in ("run_id", "experiment_id", "number", "import_id"):
            path = path.replace(f"{{{name}}}", _encoded(run))
        for name in ("chart", "name"):
            path = path.replace(f"{{{name}}}", _encoded(other))
        pairs = [(name.encode("utf-8", "surrogatepass"), value.encode("utf-8", "surrogatepass"))
                 for name, value in query]  # fmt: skip
        usable = {
            name: value
            for name, value in headers.items()
            if value.isascii() and value.isprintable() and value
        }
        body = b"" if method in ("GET", "HEAD", "TRACE") else body
        try:
            self._connection.request(method, f"{path}?{urlencode(pairs)}", body or None, usable)
            response = self._connection.getresponse()
            response.read()
        except TimeoutError:
            raise Fault("no answer") from None
        except (OSError, http.client.HTTPException):
            self._connection.close()  # the next request opens a new one
            return "closed"
        if response.status >= 500:
            raise Fault(f"answered {response.status}")
        return str(response.status)

    def _raw(self, data: bytes) -> str:
        """Send bytes and the end of them; the answer's status, or `closed`."""
        with socket.create_connection(self._place, TIMEOUT_S) as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                received = b""
                while piece := connection.recv(65_536):
                    received += piece
            except TimeoutError:
                raise Fault("no answer to raw bytes") from None
            except OSError:
                return "closed"
        status = received[9:12].decode("latin-1")
        if status.startswith("5") and received.startswith(b"HTTP/"):
            raise Fault(f"answered {status}")
        return status if status.isdigit() else "closed"

    def check(self) -> None:
        """Check that the dashboard answers."""
        self._dashboard.check_alive()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


# Of each form the address, and fields with a value that is always refused, whatever the others are.
FORMS: list[tuple[str, list[dict[str, str]]]] = [
    ("/runs/", [{"scenario": "none"}, {"rounds": "0"}, {"timeout": "x"}, {"lanes": "none"}]),
    ("/explore/matrix/", [{"servers": "none"}, {"variants": "none"}, {"rounds": "-1"}]),
    ("/explore/sweep/", [{"axis": "none"}, {"low": "x"}, {"high": "nan"}, {"lanes": "none"}]),
    ("/explore/capacity/", [{"rate": "none"}, {"p95": "-1"}, {"rounds": "1"}, {"lanes": "none"}]),
    ("/survey/start/", [{"scenarios": "none"}, {"server": "none"}, {"rounds": "0"}]),
    ("/xray/", [{"scenario": "none"}, {"lane": "none"}, {"timeout": "-1"}]),
    ("/claims/fire/none/", [{}]),
    ("/claims/sweep/none/", [{}]),
    ("/runs/none/again/", [{}]),
    ("/runs/none/delete/", [{}]),
    ("/runs/none/stop/", [{}]),
    ("/runs/none/describe/", [{}]),
    ("/explore/none/stop/", [{}]),
    ("/runs/RUN/describe/", [{}]),
    ("/runs/RUN/pin/", [{}]),
]
FIELDS = (
    "scenario", "lanes", "load", "requests", "rate", "duration", "poisson", "concurrency", "rounds",
    "seed", "timeout", "guess", "guess_times", "how", "quick", "parameter_delay", "complained",
    "variants", "servers", "axis", "low", "high", "levels", "lane", "name", "notes", "pinned",
    "scenarios", "server", "p95", "error", "memory",
)  # fmt: skip


class FormDoor:
    """Forms with a valid CSRF token, and without, that are refused or change a name."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._client = dashboard.browser()

    @property
    def inputs(self) -> st.SearchStrategy[Any]:
        """Address, fields, the refused field, and whether the request is HTMX's."""
        likely = st.sampled_from(
            ["sleep", "sync@daphne", "async@uvicorn", "burst", "rate", "1", "5"]
        )
        fields = st.dictionaries(st.sampled_from(FIELDS), likely | texts, max_size=8)
        forms = st.sampled_from([(path, bad) for path, each in FORMS for bad in each])
        return st.tuples(forms, fields, st.booleans(), st.sampled_from([True] * 9 + [False]))

    def answer(self, given: Any) -> str:
        """Return the status."""
        (path, bad), fields, htmx, with_token = given
        data = {name: value.encode("utf-8", "surrogatepass") for name, value in fields.items()}
        data |= {name: value.encode() for name, value in bad.items()}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        headers |= {"hx-request": "true"} if htmx else {}
        headers |= {} if with_token else {"x-csrftoken": "none"}
        address = path.replace("RUN", self._dashboard.run)
        try:
            answer = self._client.post(address, content=urlencode(data), headers=headers)
        except httpx.TransportError as error:
            raise Fault(f"no answer: {error!r}") from None
        if answer.status_code >= 500:
            raise Fault(f"answered {answer.status_code}")
        return str(answer.status_code)

    def check(self) -> None:
        """Check that the dashboard answers."""
        self._dashboard.check_alive()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
