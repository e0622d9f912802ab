"""An exposed dashboard behind a real nginx: configured, half configured, and below a path."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.management.command import ROOT, environment
from tests.management.proxied import (
    COMPLETE,
    FORWARDED,
    HOST,
    PASSWORD,
    UPGRADE,
    Certificate,
    add_users,
    exposed,
    free_ports,
    location,
    nginx,
    nginx_program,
)

pytestmark = pytest.mark.servers
MARK = f"liveburst-test-exposed-{os.getpid()}"
PREFIX = "/liveburst"


class Ports(NamedTuple):
    """Where nginx listens: a way to the dashboard each."""

    configured: int
    replaced: int  # the Host header, by the upstream's
    bare: int  # proxy_pass alone
    untrusted: int  # from another address
    no_upgrade: int
    plain: int  # http
    below: int  # a path, which nginx removes
    below_kept: int  # a path, which nginx keeps


class Site(NamedTuple):
    """Two dashboards behind one nginx."""

    ports: Ports
    certificate: Certificate
    home: Path
    token_address: str
    direct: str  # the dashboard's own port

    def browser(self, port: int, scheme: str = "https") -> httpx.Client:
        """A browser without cookies."""
        address = f"{scheme}://localhost:{port}"
        html = {"accept": "text/html"}
        return httpx.Client(
            base_url=address, verify=self.certificate.trust, headers=html, timeout=60
        )

    def logged_in(self, port: int, name: str, prefix: str = "") -> httpx.Client:
        """A browser with a session."""
        browser = self.browser(port)
        page = browser.get(f"{prefix}/")
        assert page.status_code == 303, page.text
        form = browser.get(page.headers["location"])
        answer = post(browser, f"{prefix}/login/", form.text, name=name, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"] == f"{prefix}/"
        return browser


def post(browser: httpx.Client, path: str, page: str, **fields: str) -> httpx.Response:
    """Send a form as the browser does from this page."""
    match = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)
    fields["csrfmiddlewaretoken"] = match[1] if match else ""
    origin = str(browser.base_url).rstrip("/")
    return browser.post(path, data=fields, headers={"origin": origin})


def websocket(site: Site, browser: httpx.Client, prefix: str = "") -> ClientConnection:
    """Open the page's websocket."""
    address = str(browser.base_url).rstrip("/")
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies.jar)
    return connect(
        f"wss{address[5:]}{prefix}/ws/",
        ssl=site.certificate.trust,
        origin=Origin(address),
        additional_headers={"cookie": cookies},
        open_timeout=60,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Both dashboards, nginx, and two users."""
    nginx_program()
    directory = tmp_path_factory.mktemp("nginx")
    certificate = Certificate(directory)
    home, home_below = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("below") / "home"
    first, second, *rest = free_ports(2 + len(Ports._fields))
    ports = Ports(*rest)
    add_users(home, MARK, operator="alice", viewer="bob")
    shutil.copytree(home, home_below)
    servers = {
        ports.configured: location(first, COMPLETE),
        ports.replaced: location(first, f"{FORWARDED}\n{UPGRADE}"),
        ports.bare: location(first, ""),
        ports.untrusted: location(first, f"{COMPLETE}\nproxy_bind 127.0.0.2;"),
        ports.no_upgrade: location(first, f"{HOST}\n{FORWARDED}"),
        ports.below: location(second, f"{FORWARDED}\n{UPGRADE}", path=f"{PREFIX}/", uri="/"),
        ports.below_kept: location(second, COMPLETE, path=f"{PREFIX}/"),
    }
    proxy = {"LIVEBURST_TRUSTED_PROXY": "127.0.0.1"}
    named = {**proxy, "LIVEBURST_ALLOWED_HOSTS": "localhost"}
    below_path = {
        **proxy,
        "LIVEBURST_PATH_PREFIX": PREFIX,
        "LIVEBURST_TRUSTED_ORIGINS": f"https://localhost:{ports.below}",
    }
    with ExitStack() as stack:
        plain = {ports.plain: location(first, COMPLETE)}
        stack.enter_context(nginx(directory, certificate, servers, plain))
        _, token = stack.enter_context(exposed(home, MARK, first, named))
        stack.enter_context(exposed(home_below, MARK, second, below_path))
        yield Site(ports, certificate, home, token, f"http://127.0.0.1:{first}")


@pytest.fixture(scope="module")
def operator(site: Site) -> Iterator[httpx.Client]:
    with closing(site.logged_in(site.ports.configured, "alice")) as browser:
        yield browser


@pytest.fixture(scope="module")
def viewer(site: Site) -> Iterator[httpx.Client]:
    with closing(site.logged_in(site.ports.configured, "bob")) as browser:
        yield browser


def test_without_a_login_there_is_the_login_page(site: Site) -> None:
    with site.browser(site.ports.configured) as browser:
        for path in ("/", "/runs/", "/static/css/base.css", "/runs/none/export/csv"):
            page = browser.get(path)
            assert page.status_code == 303
            assert page.headers["location"].startswith("/login/?next=%2F")
        assert browser.post("/runs/", data={}).status_code == 403
        with websocket(site, browser) as socket, pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=60)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 4403


def test_cookies_are_of_this_host_alone_and_encrypted(site: Site) -> None:
    with site.browser(site.ports.configured) as browser:
        form = browser.get("/login/")
        answer = post(browser, "/login/", form.text, name="bob", password=PASSWORD)
        cookies = {
            line.partition("=")[0]: set(line.split("; ")[1:])
            for line in answer.headers.get_list("set-cookie")
        }
        assert len(cookies) == 2
        for name, attributes in cookies.items():
            assert name.startswith("__Host-")
            assert {"Secure", "Path=/"} <= attributes
            assert not [attribute for attribute in attributes if attribute.startswith("Domain")]
        session = next(flags for name, flags in cookies.items() if "session" in name)
        assert {"HttpOnly", "SameSite=Lax"} <= session
        assert form.headers["strict-transport-security"] == "max-age=604800"


def test_a_viewer_watches(site: Site, viewer: httpx.Client) -> None:
    page = viewer.get("/")
    assert page.status_code == 200
    assert "bob" in page.text
    assert 'id="fire-form"' not in page.text
    assert viewer.get("/audit/").status_code == 403
    refused = post(viewer, "/runs/", page.text, scenario="sleep")
    assert refused.status_code == 403
    assert "only operators may do this" in refused.text
    with websocket(site, viewer) as socket, pytest.raises(TimeoutError):
        socket.recv(timeout=0.2)  # open, and nothing is sent


def test_an_operator_fires_and_that_is_written_down(site: Site, operator: httpx.Client) -> None:
    page = operator.get("/claims/")
    assert post(operator, "/claims/stop/", page.text).status_code == 303
    audit = operator.get("/audit/").text
    assert "stopped the claims" in audit
    assert "127.0.0.1" in audit
    listed = subprocess.run(
        [sys.executable, "manage.py", "audit", "--user", "alice"],
        check=True,
        cwd=ROOT,
        env=environment(site.home, MARK),
        capture_output=True,
        text=True,
    ).stdout
    assert re.search(r"UTC  alice at 127\.0\.0\.1: stopped the claims$", listed, re.MULTILINE)


def test_a_form_of_another_origin_is_refused(operator: httpx.Client) -> None:
    page = operator.get("/claims/")
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token
    answer = operator.post(
        "/claims/stop/",
        data={"csrfmiddlewaretoken": token[1]},
        headers={"origin": "https://localhost"},
    )
    assert answer.status_code == 403
    assert HOST in answer.text  # a proxy without the port in its Host looks the same


def test_the_start_token_needs_no_login(site: Site) -> None:
    path = site.token_address.partition("localhost")[2]
    with site.browser(site.ports.configured) as browser:
        exchanged = browser.get(path)
        assert exchanged.status_code == 303
        assert exchanged.headers["location"] == "/"
        assert 'id="fire-form"' in browser.get("/").text


@pytest.mark.parametrize(
    ("way", "lines"),
    [
        ("replaced", [HOST]),
        ("bare", [HOST, *map(str.strip, FORWARDED.splitlines())]),
        ("untrusted", ["LIVEBURST_TRUSTED_PROXY=127.0.0.2"]),
    ],
)
def test_an_incomplete_proxy_is_refused_and_told_what_is_missing(
    site: Site, way: str, lines: list[str]
) -> None:
    with site.browser(getattr(site.ports, way)) as browser:
        for path in ("/", "/login/", "/runs/"):
            page = browser.get(path)
            assert page.status_code == 403
            for line in lines:
                assert line in page.text
        assert browser.post("/login/", data={"name": "alice"}).status_code == 403


def test_without_the_lines_for_websockets_its_address_names_them(
    site: Site, operator: httpx.Client
) -> None:
    with site.browser(site.ports.no_upgrade) as browser:
        browser.cookies = operator.cookies
        page = browser.get("/ws/", headers={"upgrade": "websocket", "connection": "upgrade"})
    assert page.status_code == 426
    for line in UPGRADE.splitlines():
        assert line.strip() in page.text.replace("&quot;", '"')


def test_what_is_not_encrypted_is_sent_to_https(site: Site) -> None:
    with site.browser(site.ports.plain, "http") as browser:
        page = browser.get("/runs/")
    assert page.status_code == 303
    assert page.headers["location"] == f"https://localhost:{site.ports.plain}/runs/"
    assert "set-cookie" not in page.headers


def test_past_the_proxy_no_way_leads_in(site: Site) -> None:
    page = httpx.get(site.direct, headers={"host": "localhost"}, timeout=60)
    assert page.status_code == 403
    forged = {"host": "evil.example", "x-forwarded-proto": "https", "x-forwarded-for": "1.1.1.1"}
    assert httpx.get(site.direct, headers=forged, timeout=60).status_code == 403


@pytest.mark.parametrize("way", ["below", "below_kept"])
def test_below_a_path_it_works_whether_nginx_removes_it_or_not(site: Site, way: str) -> None:
    with closing(site.logged_in(getattr(site.ports, way), "alice", PREFIX)) as browser:
        page = browser.get(f"{PREFIX}/")
        assert page.status_code == 200
        ours = re.findall(r'(?:href|src|action|hx-get|hx-post)="(/[^"]*)"', page.text)
        assert ours
        assert [address for address in ours if not address.startswith(f"{PREFIX}/")] == []
        for address in re.findall(r'(?:src|href)="([^"]*\.(?:js|css))"', page.text):
            assert browser.get(address).status_code == 200, address
        assert post(browser, f"{PREFIX}/claims/stop/", page.text).status_code == 303
        with websocket(site, browser, PREFIX) as socket, pytest.raises(TimeoutError):
            socket.recv(timeout=0.2)
        paths = {cookie.path for cookie in browser.cookies.jar}
        assert paths == {f"{PREFIX}/"}


def test_with_a_certificate_of_its_own_it_needs_no_proxy(site: Site) -> None:
    (port,) = free_ports(1)
    variables = {
        "LIVEBURST_TLS_CERTIFICATE": str(site.certificate.file),
        "LIVEBURST_TLS_KEY": str(site.certificate.key),
        "LIVEBURST_ALLOWED_HOSTS": "localhost",
    }
    with exposed(site.home, MARK, port, variables) as (address, _):
        assert address == f"https://localhost:{port}/"
        with site.browser(port) as browser:
            page = browser.get("/")  # of the own user, as the kernel knows
            assert page.status_code == 200
            assert 'id="fire-form"' in page.text
            assert post(browser, "/claims/stop/", page.text).status_code == 303
            with websocket(site, browser) as socket, pytest.raises(TimeoutError):
                socket.recv(timeout=0.2)
            assert browser.get("/", headers={"x-forwarded-for": "1.1.1.1"}).status_code == 403
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://localhost:{port}/", timeout=20)
