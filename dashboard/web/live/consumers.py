"""The page's websocket: binary frames and JSON events from the hub, without a channel layer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import Any, Final

from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from dashboard.models import Run, StoredFrame
from dashboard.web.shared.laboratory_access import laboratory
from dashboard.web.shared.queue_chips import chips
from dashboard.web.shared.unreadable import let_pass
from dashboard.wire.events import BeatEvent
from dashboard.wire.units import MS_PER_S
from dashboard.wire.untrusted import decode_json

from .follow import follow
from .replay import SPEEDS, replay

logger = logging.getLogger(__name__)
BEAT_S: Final = 1.0
# A page that is hidden or busy answers late; one behind a connection that has silently ended,
# never. Counted in beats, not in time: while this process is held up, answers wait to be read.
MOST_UNANSWERED: Final = 10
NO_ANSWER: Final = 4408  # the close code
# Whatever else of a run is damaged, it can be watched.
WATCHED: Final = ("status", "discarded_rounds")


class PageConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One open page. docs/frame.md lists its messages; any other one closes the socket."""

    async def connect(self) -> None:
        """Accept, and start sending what the hub hands to this viewer."""
        await self.accept()
        self.hub = laboratory().hub
        self.viewer = self.hub.join()
        self.unanswered = 0  # beats
        self.sending = asyncio.create_task(self._send())
        self.beating = asyncio.create_task(self._beat())
        self.replaying: asyncio.Task[None] | None = None

    async def disconnect(self, code: int) -> None:
        """Leave the hub."""
        self._leave()

    def _leave(self) -> None:
        self.sending.cancel()
        self.beating.cancel()
        self._end_replay()
        self.hub.leave(self.viewer)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Handle `watch`, with a `replay` speed or without, `seen`, `queue` and `beat`."""
        self.unanswered = 0
        match _message(text_data):
            case {"watch": str(run_id)} if not run_id.isascii():
                await self.close(code=4404)
            case {"watch": str(run_id), "replay": int() | float() as speed} if speed in SPEEDS:
                await self._if_readable(run_id, self._replay(run_id, speed))
            case {"watch": str(run_id)}:
                await self._if_readable(run_id, self._watch(run_id))
            case {"seen": int(count)}:
                self.viewer.seen(count)
            case {"queue": str(version)}:
                await self._compare_queue(version)
            case {"beat": 1}:
                pass
            case _:
                await self.close(code=4400)

    async def _if_readable(self, run_id: str, watching: Awaitable[None]) -> None:
        """Watch or replay a run; if what is stored of it is damaged, tell the page so."""
        try:
            await watching
        except Exception as error:
            let_pass(error)
            logger.exception("Run %s cannot be watched", run_id)
            self.viewer.put_event({"event": "unreadable", "run": run_id})

    async def _compare_queue(self, version: str) -> None:
        """Notify a page whose queue changed before it was connected."""
        if version != (await sync_to_async(chips)()).version:
            self.viewer.put_event({"event": "line"})

    async def _replay(self, run_id: str, speed: float) -> None:
        run = await Run.objects.filter(pk=run_id).afirst()
        if run is None or run.active:
            await self._watch(run_id)
            return
        self._end_replay()
        self.hub.watch(self.viewer, run_id, stored=0, active=True)
        replaying = self._if_readable(run_id, replay(self.viewer, run, speed))
        self.replaying = asyncio.create_task(replaying, name=f"replay of {run_id}")

    def _end_replay(self) -> None:
        """End the page's replay, of which there is at most one."""
        if self.replaying:
            self.replaying.cancel()

    async def _watch(self, run_id: str) -> None:
        self._end_replay()
        run = await Run.objects.only(*WATCHED).filter(pk=run_id).afirst()
        if run is None:
            await self.close(code=4404)
            return
        stored = await StoredFrame.objects.filter(run=run_id).acount()
        self.hub.watch(self.viewer, run_id, stored=stored, active=run.active)
        await self._tell_discarded(run)
        if run.active and not laboratory().owns(run) and not self.hub.is_live(run_id):
            follow(self.hub, run)

    async def _tell_discarded(self, run: Run) -> None:
        """Send the rounds discarded so far; later ones come through the hub."""
        await run.arefresh_from_db(fields=["discarded_rounds"])
        for number in run.discarded_rounds:
            self.viewer.put_event({"event": "discarded", "run": run.pk, "round": number})

    async def _send(self) -> None:
        while True:
            message = await self.viewer.next_message()
            if isinstance(message, str):
                await self.send(text_data=message)
            else:
                await self.send(bytes_data=message)

    async def _beat(self) -> None:
        """Send a beat each second; close the socket of a page that answers none of many."""
        await asyncio.sleep(BEAT_S)
        while self.unanswered < MOST_UNANSWERED:
            self.unanswered += 1
            beat: BeatEvent = {"event": "beat", "now_ms": time.monotonic() * MS_PER_S}
            self.viewer.put_event(beat)
            await asyncio.sleep(BEAT_S)
        self.hub.leave(self.viewer)
        await self.close(code=NO_ANSWER)


def _message(text: str | None) -> Any:
    try:
        return decode_json(text or "")
    except ValueError:
        return None
