"""nbcourier's own API (docs/api.md): listings of whole courses, trees as streams, receipts."""

from .feedback import V1Feedback
from .releases import V1Releases
from .roster import V1Roster

__all__ = ["V1Transport"]


class V1Transport(V1Releases, V1Feedback, V1Roster):
    """A `Transport` that needs no more requests for a class than for a student.

    Raises `UnknownRequest` if the server does not know the API.
    """
