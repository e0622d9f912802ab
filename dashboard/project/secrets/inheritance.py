"""Which variables of our own environment a project's processes inherit.

Few by default: what an interpreter, its libraries and a server need on this machine. Credentials
and addresses, of whatever kind, are passed on only if the lab.toml names them in `inherit_env`.
"""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatchcase

# Variables that belong to the dashboard, or would change a server behind the catalogue's back.
_NOT_HANDED_ON = (
    *("DJANGO_SETTINGS_MODULE", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY"),
    *("VIRTUAL_ENV", "PYTHONHOME"),
)
_NOT_HANDED_ON_PREFIXES = ("LIVEBURST_", "UVICORN_", "GRANIAN_", "UWSGI_")

INHERITED = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "HOSTNAME", "TMPDIR", "TEMP", "TMP", "XDG_*"),
    *("LANG", "LANGUAGE", "LC_*", "TZ", "TZDIR"),
    *("PYTHON*", "PYENV_*", "LD_*", "DYLD_*", "MALLOC_*", "GLIBC_TUNABLES"),
    *("OMP_*", "OPENBLAS_*", "MKL_*", "GDAL_*", "PROJ_*"),
    *("SSL_CERT_*", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("DJANGO_CONFIGURATION", "DJANGO_ALLOW_ASYNC_UNSAFE"),
    "COVERAGE_*",  # of the tests' own measurement
)


def is_handed_on(name: str) -> bool:
    """Return whether a project's processes may inherit a variable at all."""
    return name not in _NOT_HANDED_ON and not name.startswith(_NOT_HANDED_ON_PREFIXES)


def is_inherited(name: str, added: Collection[str] = ()) -> bool:
    """Return whether a variable is inherited by default, or matches a pattern in `added`."""
    patterns = (*INHERITED, *added)
    return is_handed_on(name) and any(fnmatchcase(name, pattern) for pattern in patterns)
