"""Sends the work that waits, in one request at a time."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from typing import Any, Protocol

from .activity_diary import Diary, Work
from .activity_folders import Folders
from .errors import CourierError, UnknownRequest
from .other_threads import ask

# The maximum number of pieces of work in a request.
MOST_ITEMS = 200
# The time after which the exchange is asked again which courses count work, in seconds.
ASK_AGAIN_S = 3600.0


class Exchange(Protocol):
    """The requests of the reporter to an exchange."""

    def counting(self) -> dict[str, set[str]]:
        """Returns the courses that count work of the caller, with the names of their assignments."""

    def report(self, items: list[dict[str, Any]]) -> None:
        """Reports work."""


class Reporter:
    """Reports the work in a diary."""

    def __init__(
        self,
        diary: Diary,
        exchange: Exchange,
        folders: Folders,
        log: logging.Logger,
    ) -> None:
        self._diary = diary
        self._exchange = exchange
        self._folders = folders
        self._log = log
        self._counting: dict[str, set[str]] = {}
        self._asked_at: float | None = None

    async def report(self, now: float) -> None:
        """Sends a part of the waiting work. If no work waits, it sends no request.

        Work that certainly did not arrive waits for the next time. If that is uncertain, the work is dropped, since it
        could count twice.
        """
        waiting = self._diary.waiting
        if not waiting:
            return
        try:
            await self._learn(now)
        except CourierError as error:
            self._log.debug("nbcourier: work on notebooks waits (%s)", error)
            return
        taken: list[tuple[Work, dict[str, Any]]] = []
        while waiting and len(taken) < MOST_ITEMS:
            room = MOST_ITEMS - len(taken)
            some = [waiting.popleft() for _ in range(min(room, len(waiting)))]
            paths = [work.path for work in some]
            places = await ask(self._folders.places, paths, self._counting)
            taken += [
                (work, _item(work, *place))
                for work, place in zip(some, places)
                if place is not None
            ]
        if not taken:
            return
        try:
            await ask(self._exchange.report, [item for _, item in taken])
        except CourierError as error:
            self._log.debug("nbcourier: work on notebooks was not reported (%s)", error)
            if error.untouched:
                # Work that came meanwhile is newer.
                room = (waiting.maxlen or 0) - len(waiting)
                kept = [work for work, _ in taken][max(0, len(taken) - room) :]
                waiting.extendleft(reversed(kept))

    async def _learn(self, now: float) -> None:
        """Asks which courses count work, if that was asked too long ago."""
        if self._asked_at is not None and now - self._asked_at < ASK_AGAIN_S:
            return
        try:
            self._counting = await ask(self._exchange.counting)
        except UnknownRequest:
            # An older exchange, or an ngshare.
            self._counting = {}
        self._asked_at = now


def _item(work: Work, course: str, path: str) -> dict[str, Any]:
    at = datetime.fromtimestamp(work.at, timezone.utc).isoformat(timespec="seconds")
    return {"course": course, "path": path, "kind": work.kind, "at": at}
