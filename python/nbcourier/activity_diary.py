"""The work on notebooks that is not reported yet. Nothing here sends requests or reads the clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

# The maximum number of pieces of work that wait. Then the oldest go.
MOST_WAITING = 1000
# The maximum time for which a run without a pause counts as work, in seconds.
LONGEST_RUN_S = 3600.0
# The end of the names of notebooks.
NOTEBOOK = ".ipynb"
_MINUTE_S = 60


@dataclass(frozen=True)
class Work:
    """A piece of work on a notebook."""

    path: str
    # `open`, `save` or `minutes`.
    kind: str
    # The time in seconds since 1970.
    at: float


@dataclass(frozen=True)
class Session:
    """A session of a notebook."""

    name: str
    path: str
    # Whether the kernel runs something.
    is_busy: bool
    # The last time at which the kernel did something, as text of any form. It is None while the kernel starts.
    ran_at: str | None


class Diary:
    """The work that waits to be reported."""

    def __init__(self) -> None:
        self.waiting: deque[Work] = deque(maxlen=MOST_WAITING)
        # The last known state of each session.
        self._ran_at: dict[str, str | None] = {}
        # The time from which a notebook has run without a pause.
        self._busy_since: dict[str, float] = {}
        # The last minute of each notebook that was noted.
        self._minutes: dict[str, int] = {}

    def save(self, path: str, now: float) -> None:
        """Notes that a file was saved."""
        path = without_drive(path)
        if not path.endswith(NOTEBOOK):
            return
        self.waiting.append(Work(path, "save", now))
        self._worked(path, now)

    def look(self, sessions: Sequence[Session], now: float) -> None:
        """Notes the work that the sessions of notebooks show. A session that does nothing is not work."""
        # JupyterLab gives a session a random name until its kernel has started. Then the session has the name of the notebook.
        sessions = [each for each in sessions if each.path.endswith(NOTEBOOK)]
        known, self._ran_at = self._ran_at, {}
        busy = {}
        for session in sessions:
            path = without_drive(session.path)
            self._ran_at[session.name] = session.ran_at
            if session.is_busy:
                busy[path] = self._busy_since.get(path, now)
            if session.name not in known:
                self.waiting.append(Work(path, "open", now))
        self._busy_since = busy
        for session in sessions:
            before = known.get(session.name)
            ran = before is not None and session.ran_at not in (None, before)
            if session.is_busy or ran:
                self._worked(without_drive(session.path), now)
        this = int(now // _MINUTE_S)
        self._minutes = {path: at for path, at in self._minutes.items() if at == this}

    def _worked(self, path: str, now: float) -> None:
        """Notes a minute of work, once."""
        # A run that lasts a night saves its output all the time, and nobody is there.
        if now - self._busy_since.get(path, now) > LONGEST_RUN_S:
            return
        minute = int(now // _MINUTE_S)
        if self._minutes.get(path) != minute:
            self._minutes[path] = minute
            self.waiting.append(Work(path, "minutes", now))


def without_drive(path: str) -> str:
    """Returns the path without the name of a drive, such as `RTC:` of documents that several people edit."""
    first, colon, rest = path.partition(":")
    return (rest if colon and "/" not in first else path).strip("/")
