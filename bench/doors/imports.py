"""Bad files for *Import*: an exported run with parts replaced, and anything else."""

from __future__ import annotations

import json
import random
from typing import Any

import httpx
from hypothesis import strategies as st

from tests.web.history.mutations import mutated

from .dashboard import Dashboard
from .door import Fault
from .values import json_texts, octets

MOST_MUTATIONS = 3


class ImportDoor:
    """Uploads; a file that is still valid is imported, and deleted again."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._client = dashboard.browser()
        answer = self._client.get(f"/runs/{dashboard.run}/export/json")
        self._exported = answer.raise_for_status().text
        self._value: Any = json.loads(self._exported)

    @property
    def inputs(self) -> st.SearchStrategy[Any]:
        """Seeds of changes to the exported run; or bytes."""
        changes = st.tuples(st.integers(0, 2**32), st.integers(1, MOST_MUTATIONS))
        cuts = st.integers(0, len(self._exported)).map(lambda end: self._exported[:end].encode())
        others = octets | json_texts.map(lambda text: text.encode("utf-8", "replace"))
        return st.one_of(changes, changes, changes, cuts, others)

    def answer(self, given: Any) -> str:
        """Return the status, or `accepted`."""
        content = given if isinstance(given, bytes) else self._changed(*given)
        try:
            answer = self._client.post("/runs/import/", files={"file": ("run.json", content)})
        except httpx.TransportError as error:
            raise Fault(f"no answer: {error!r}") from None
        if answer.status_code >= 500:
            raise Fault(f"answered {answer.status_code}")
        if answer.status_code != 303:
            return str(answer.status_code)
        address = answer.headers["location"]
        page = self._client.get(address)
        if page.status_code >= 500:
            raise Fault(f"its page answered {page.status_code}")
        self._client.post(f"{address}delete/")
        return "accepted"

    def _changed(self, seed: int, number: int) -> bytes:
        draws, value = random.Random(seed), self._value
        for _ in range(number):
            value = mutated(value, draws)
        return json.dumps(value).encode()

    def check(self) -> None:
        """Check that the dashboard answers, and lists its runs."""
        self._dashboard.check_alive()
        self._client.get("/runs/").raise_for_status()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
