"""The nbgrader exchange that needs no shared file system: the plugin's side.

Two lines in `nbgrader_config.py` are all that a notebook server needs:

    import nbcourier
    nbcourier.configure(get_config())
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traitlets.config import Config

__all__ = ["configure"]

# nbgrader's name of each slot, and the class of ours that fills it. As text, so that a program that only reads
# the configuration does not import nbgrader for it.
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
    """Makes nbgrader use this exchange, and its roster, for all it does.

    `url` is the service's address as notebook servers see it, `http://proxy/services/nbcourier` for example; without
    it `NBCOURIER_URL` counts, then what the hub tells its notebook servers. `service_name` is what the hub's
    configuration calls the service, when that is not `nbcourier`.
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
