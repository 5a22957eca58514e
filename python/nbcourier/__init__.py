"""The nbgrader plugin for an exchange that needs no shared file system.

A notebook server needs two lines in `nbgrader_config.py`:

    import nbcourier
    nbcourier.configure(get_config())
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traitlets.config import Config

__all__ = ["configure"]

# The class for each slot of nbgrader. The names are text, so that a program that only reads the configuration does
# not import nbgrader.
_SLOTS = {
    "exchange": "NbCourierExchange",
    "list": "List",
    "fetch_assignment": "FetchAssignment",
    "fetch_feedback": "FetchFeedback",
    "release_assignment": "ReleaseAssignment",
    "release_feedback": "ReleaseFeedback",
    "submit": "Submit",
    "collect": "Collect",
}


def configure(
    config: Config, url: str | None = None, service_name: str | None = None
) -> None:
    """Makes nbgrader use this exchange and its roster for all commands and pages.

    `url` is the service's address as notebook servers see it, for example `http://proxy/services/nbcourier`. Without
    it, `NBCOURIER_URL` applies, then the variables that the hub sets in its notebook servers. `service_name` is the
    name of the service in the hub's configuration, if it is not `nbcourier`.
    """
    for slot, name in _SLOTS.items():
        config.ExchangeFactory[slot] = f"nbcourier.exchange.{name}"
    config.Authenticator.plugin_class = "nbcourier.roster.Roster"
    if url is not None:
        config.NbCourier.url = url
    if service_name is not None:
        config.NbCourier.service_name = service_name


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "nbcourier.jupyter_extension"}]
