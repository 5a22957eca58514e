"""What can go wrong between a notebook server and the exchange, each with a sentence for the person who waits."""

from __future__ import annotations

from typing import Any


class CourierError(Exception):
    """Something failed; the text is meant for the user."""


class Unreachable(CourierError):
    """Nobody answered, or the answer broke off."""


class BrokenOff(Unreachable):
    """The answer began, and did not end as it should."""


class Refused(CourierError):
    """The exchange answered and said no."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        by_exchange: bool = True,
        problem: dict[str, Any] | None = None,
    ) -> None:
        """`message` is the exchange's own sentence; `problem` all that it said, if it said it as its own API does.

        Not `by_exchange` was it said by something that stands between, a proxy for example.
        """
        super().__init__(_explained(status, message))
        self.status = status
        self.message = message
        self.by_exchange = by_exchange
        self.problem = problem
        # The same request was sent before, and what became of it is not known: the refusal may be its consequence.
        self.repeated = False

    @property
    def missing(self) -> bool:
        """Whether what was asked for is not there."""
        return self.status == 404


class Unspoken(CourierError):
    """The server does not know this request: it is older than the plugin, or an ngshare."""

    def __init__(self, *, entirely: bool) -> None:
        """`entirely`: not only this request, but the whole of nbcourier's own API."""
        super().__init__("The exchange does not know nbcourier's own API")
        self.entirely = entirely


def _explained(status: int, message: str) -> str:
    advice = {
        401: "The exchange does not know you; your token is missing or has expired. Restart your server and try again",
        403: "You are not allowed to do this: either you are not in the course, or only its instructors may",
        413: "This is more than the exchange accepts; make it smaller",
        429: "The exchange is asked too much at once; wait a minute and try again",
        507: "The exchange has no room left; tell whoever runs your JupyterHub",
    }.get(status)
    if advice is None and status >= 500:
        advice = "The exchange is in trouble; try again in a few minutes"
    return f"{advice} ({message})" if advice else f"The exchange says: {message}"
