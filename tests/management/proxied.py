"""A dashboard that is exposed on purpose, and a real nginx in front of it, on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
import trustme

from tests.targets.helpers import until

from .command import ROOT, environment
from .forked.fork import Fork

PASSWORD = "correct horse battery staple"
OPERATOR, VIEWER = "alice", "bob"
# As docs/exposed.md has them.
HOST = "proxy_set_header Host $http_host;"
FORWARDED = """proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;"""
UPGRADE = """proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";"""
COMPLETE = f"{HOST}\n      {FORWARDED}\n      {UPGRADE}"


def nginx_program() -> str:
    """Return nginx's program; tests are skipped without one, but fail in CI."""
    if path := shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"):
        return path
    if os.environ.get("CI") == "true":
        pytest.fail("nginx is not on the path")
    pytest.skip("nginx is not on the path")


def free_ports(number: int) -> list[int]:
    """Return ports that are free now."""
    with ExitStack() as stack:
        made = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
        for listener in made:
            stack.enter_context(listener)
        return [listener.getsockname()[1] for listener in made]


def location(upstream: int, lines: str, *, path: str = "/", uri: str = "") -> str:
    """Return a location of nginx that passes on to a dashboard."""
    return f"""location {path} {{
      proxy_pass http://127.0.0.1:{upstream}{uri};
      {lines}
    }}"""


class Certificate:
    """A certificate of localhost, and what trusts it."""

    def __init__(self, directory: Path) -> None:
        authority = trustme.CA()
        issued = authority.issue_cert("localhost", "127.0.0.1")
        self.file, self.key = directory / "certificate.pem", directory / "key.pem"
        issued.private_key_pem.write_to_path(self.key)
        for blob in issued.cert_chain_pems:
            blob.write_to_path(self.file, append=True)
        self.trust = ssl.create_default_context()
        authority.configure_trust(self.trust)


def configuration(
    directory: Path, certificate: Certificate, servers: Mapping[int, str], plain: Mapping[int, str]
) -> str:
    """Return nginx's configuration with a server for each port."""
    encrypted = f"ssl_certificate {certificate.file};\n    ssl_certificate_key {certificate.key};"
    blocks = [
        f"server {{ listen 127.0.0.1:{port}{mode}; {lines} {content} }}"
        for mode, lines, of_kind in ((" ssl", encrypted, servers), ("", "", plain))
        for port, content in of_kind.items()
    ]
    places = "\n  ".join(
        f"{kind}_temp_path {directory}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""daemon off; master_process off; pid {directory}/nginx.pid;
error_log {directory}/nginx.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  {places}
  {" ".join(blocks)}
}}
"""


@contextmanager
def nginx(
    directory: Path, certificate: Certificate, servers: Mapping[int, str], plain: Mapping[int, str]
) -> Iterator[None]:
    """Run nginx with a server for each port: encrypted ones, and plain ones."""
    program, config = nginx_program(), directory / "nginx.conf"
    config.write_text(configuration(directory, certificate, servers, plain))
    command = [program, "-p", str(directory), "-e", str(directory / "nginx.log"), "-c", str(config)]
    process = subprocess.Popen(command, start_new_session=True)
    try:
        port = next(iter({**servers, **plain}))
        assert until(lambda: _accepts(port) or process.poll() is not None)
        assert process.poll() is None, (directory / "nginx.log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)


def _accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def add_users(home: Path, mark: str, *, operator: str, viewer: str) -> None:
    """Add two users with the same password: one in the terminal, the other as a copy of its row."""
    subprocess.run(
        [sys.executable, "manage.py", "user", "add", operator, "--role", "operator"],
        check=True,
        cwd=ROOT,
        env=environment(home, mark),
        input=f"{PASSWORD}\n",
        text=True,
        capture_output=True,
        timeout=120,
    )
    copied = (
        "INSERT INTO dashboard_user (password, name, role, added)"
        " SELECT password, ?, 'viewer', added FROM dashboard_user"
    )
    with closing(sqlite3.connect(home / "liveburst.sqlite3")) as database:
        database.execute(copied, [viewer])
        database.commit()


@contextmanager
def exposed(
    home: Path, mark: str, port: int, variables: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Run an exposed dashboard on a port; gives its address and the one with the start token."""
    command = ("lab", "--no-browser", "--port", str(port))
    with (home / "output.log").open("w") as log:
        process = Fork(command, {**environment(home, mark), **variables}, stderr=log)
    assert process.stdout
    try:
        address = process.stdout.readline().split()[-1:]
        assert address, (home / "output.log").read_text()
        yield address[0], process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextmanager
def behind_nginx(directory: Path, home: Path, mark: str) -> Iterator[str]:
    """Run a dashboard behind nginx, with an operator and a viewer; gives nginx's address."""
    nginx_program()
    add_users(home, mark, operator=OPERATOR, viewer=VIEWER)
    upstream, port = free_ports(2)
    variables = {"LIVEBURST_TRUSTED_PROXY": "127.0.0.1", "LIVEBURST_ALLOWED_HOSTS": "localhost"}
    servers = {port: location(upstream, COMPLETE)}
    with (
        nginx(directory, Certificate(directory), servers, {}),
        exposed(home, mark, upstream, variables),
    ):
        yield f"https://localhost:{port}"
