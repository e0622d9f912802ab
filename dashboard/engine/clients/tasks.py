"""Async clients: each worker is a task."""

from __future__ import annotations

import asyncio
from abc import abstractmethod

from dashboard.wire.failure import Failure
from dashboard.wire.plan.plan import Firing
from dashboard.wire.units import NS_PER_S

from .driver import Call, ClientDriver
from .failures import Table, failure_of


class TaskDriver(ClientDriver):
    """Drives one firing by an async client."""

    failures: Table  # what the library's own exceptions mean

    def __init__(self, firing: Firing) -> None:
        super().__init__(firing)
        self._tasks: set[asyncio.Task[None]] = set()  # the loop keeps no strong reference

    @abstractmethod
    async def _request(self, call: Call) -> int:
        """Send the request, read the whole response, and return its status."""

    @abstractmethod
    async def _close_client(self) -> None:
        """Close what all calls share."""

    def stop(self) -> None:
        """Record what is in flight as aborted, and cancel it."""
        super().stop()
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Wait for the tasks to end, and close the client."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._close_client()

    def _start_worker(self) -> None:
        task = self._loop.create_task(self._work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        free = self.now()
        while call := self._take(free):
            # A sleep of uvloop's may end a millisecond early.
            while (early := call.due - self.now()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(early / NS_PER_S)
            if not self._begin(call):
                return
            await self._fire(call)
            free = call.done

    async def _fire(self, call: Call) -> None:
        failure = Failure.NONE
        try:
            async with asyncio.timeout(self._time_left_s(call)):
                call.status = await self._request(call)
        except Exception as error:  # any exception becomes a row
            failure = self._failure(error)
        self._finish(call, failure)

    def _failure(self, error: Exception) -> Failure:
        return failure_of(error, self.failures)
