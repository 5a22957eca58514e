"""What can go wrong between a notebook server and the exchange, each with a sentence for the person who waits."""

from __future__ import annotations


class CourierError(Exception):
    """Something failed; the text is meant for the user."""


class Unreachable(CourierError):
    """Nobody answered, or the answer broke off."""


class Refused(CourierError):
    """The exchange answered and said no."""

    def __init__(self, status: int, message: str) -> None:
        """`message` is the exchange's own sentence."""
        super().__init__(_explained(status, message))
        self.status = status
        self.message = message

    @property
    def missing(self) -> bool:
        """Whether what was asked for is not there."""
        return self.status == 404


def _explained(status: int, message: str) -> str:
    advice = {
        401: "The exchange does not know you; your token is missing or has expired. Restart your server and try again",
        403: "You are not allowed to do this: either you are not in the course, or only its instructors may",
        413: "This is more than the exchange accepts; make it smaller",
    }.get(status)
    if advice is None and status >= 500:
        advice = "The exchange is in trouble; try again in a few minutes"
    return f"{advice} ({message})" if advice else f"The exchange says: {message}"
