"""The Jupyter server extension. It makes nbgrader's pages there agree with the exchange, brings folders up to date, and
reports work on notebooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import activity, at_start, syncing

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _load_jupyter_server_extension(server: ServerApp) -> None:
    at_start.begin(server)
    syncing.begin(server)
    activity.begin(server)
    try:
        from . import assignment_list_pages, nbgrader_pages
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "nbgrader":
            raise
        server.log.info("nbcourier: there are no pages of nbgrader here (%s)", error)
        return
    base = server.web_app.settings["base_url"].rstrip("/")
    ours = [
        (base + address, handler)
        for page, address, handler in (
            *nbgrader_pages.handlers,
            *assignment_list_pages.handlers,
        )
        if _is_loaded(server, page)
    ]
    # A server loads extensions in the order of their names, so these handlers come before nbgrader's own of the same
    # address, and the first matching handler answers.
    server.web_app.add_handlers(".*$", ours)


def _is_loaded(server: ServerApp, page: str) -> bool:
    # nbgrader can be enabled as a whole or page by page.
    names = ("nbgrader", f"nbgrader.server_extensions.{page}")
    known = server.extension_manager.extensions
    return any(name in known and known[name].enabled for name in names)
