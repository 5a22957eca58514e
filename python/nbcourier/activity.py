"""Reports work on the notebooks of courses that count it, while a Jupyter server runs: opened, saved, and minutes.

It watches on the server's own loop, and asks the exchange on other threads. Its failures do not reach the server.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .activity_diary import Diary, Session
from .activity_folders import Folders
from .activity_reporter import Reporter
from .at_start import has_token
from .errors import CourierError
from .v1.activity import V1Activity

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

# The schema of the events of jupyter_server about files.
FILES = "https://events.jupyter.org/jupyter_server/contents_service/v1"
# The maximum silence in a request, in seconds. Nobody waits for the reply.
LIMIT_S = 20.0


def begin(server: ServerApp) -> None:
    """Begins to watch if there are a token of a hub and an exchange."""
    from .settings import NbCourier

    settings = NbCourier(parent=server)
    is_off = os.environ.get("NBCOURIER_REPORT_ACTIVITY") == "0"
    if is_off or not settings.report_activity or not has_token():
        return
    try:
        exchange = V1Activity(settings.connection(timeout=LIMIT_S, attempts=1))
    except CourierError as error:
        server.log.info("nbcourier: no work on notebooks is reported (%s)", error)
        return
    diary = Diary()
    folders = Folders(Path(server.root_dir), Path.home())
    reporter = Reporter(diary, exchange, folders, server.log)
    _watch_saves(server, diary)

    async def look() -> None:
        try:
            diary.look(await _sessions(server), time.time())
            await reporter.report(time.time())
        except Exception as error:  # noqa: BLE001
            # Whatever a session manager does, the next look may succeed.
            server.log.debug("nbcourier: work on notebooks was not watched (%s)", error)

    from tornado.ioloop import PeriodicCallback

    # A look begins only after the look before it has ended.
    PeriodicCallback(look, settings.activity_every * 1000).start()


def _watch_saves(server: ServerApp, diary: Diary) -> None:
    # Older servers have no events. Sessions and runs are seen there, and saves are not.
    events = getattr(server, "event_logger", None)
    if events is None:
        return

    async def note(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        path = data.get("path")
        if data.get("action") == "save" and isinstance(path, str):
            diary.save(path, time.time())

    events.add_listener(schema_id=FILES, listener=note)


async def _sessions(server: ServerApp) -> list[Session]:
    """Returns the sessions of notebooks."""
    listed = await server.session_manager.list_sessions()
    found = []
    for each in listed:
        kernel = each.get("kernel") or {}
        if each.get("type") == "notebook":
            state = kernel.get("execution_state")
            # The start of a kernel changes this time, too.
            ran_at = None if state == "starting" else str(kernel.get("last_activity"))
            found.append(Session(each["id"], each["path"], state == "busy", ran_at))
    return found
