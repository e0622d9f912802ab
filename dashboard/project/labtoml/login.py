"""Reading [project.login] of a lab.toml."""

from __future__ import annotations

from dashboard.project.model.login import Login

from .scenarios import read_headers
from .table import Table

VARIABLE = r"[A-Za-z_]\w*"
VARIABLE_EXPECTED = "the name of a variable of the environment"


def read_login(project: Table) -> Login | None:
    """How to log in, None where nobody is to. Passwords themselves are never in a file."""
    if not project.has("login"):
        project.known("login")
        return None
    table = project.table("login")
    login = Login(
        path=table.text("path", pattern="/[!-~]*", expected="a path that begins with /"),
        username=table.text("username", pattern=VARIABLE, expected=VARIABLE_EXPECTED),
        password=table.text("password", pattern=VARIABLE, expected=VARIABLE_EXPECTED),
        username_field=table.optional_text("username_field") or "username",
        password_field=table.optional_text("password_field") or "password",
        headers=read_headers(table),
    )
    table.finish()
    return login
