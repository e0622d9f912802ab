"""Requests to servers of this machine by httpx, which without TLS need no certificates.

Those are loaded for each client, and so for each request without one: 40 ms of CPU.
"""

from __future__ import annotations

from functools import partial

import httpx

TIMEOUT_S = 60  # httpx gives up after 5 s, which a machine that others use may take

get = partial(httpx.get, verify=False, trust_env=False, timeout=TIMEOUT_S)
post = partial(httpx.post, verify=False, trust_env=False, timeout=TIMEOUT_S)
Client = partial(httpx.Client, verify=False, trust_env=False, timeout=TIMEOUT_S)
