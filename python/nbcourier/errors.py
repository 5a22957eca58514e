"""What can go wrong between a notebook server and the exchange, each with a sentence for the person who waits."""

from __future__ import annotations

import unicodedata
from typing import Any

# At most so many names are given in one sentence.
MAX_NAMED = 20
# More of a sentence is no use to anybody, in characters.
_LONGEST_SENTENCE = 1000


class CourierError(Exception):
    """Something failed; the text is meant for the user."""


class Illegal(CourierError):
    """What should be a name, a path or a time cannot be one."""


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
        caller: str = "",
        explained: str = "",
    ) -> None:
        """`message` is the exchange's own sentence; `problem` all that it said, if it said it as its own API does.

        Not `by_exchange` was it said by something else that answers there, a proxy for example. `caller`: who asks, as
        the exchange knows them. `explained`: the whole sentence for a person, where it is not made of the message.
        """
        message = printable(message, _LONGEST_SENTENCE)
        caller = printable(caller, _LONGEST_SENTENCE)
        super().__init__(explained or _explained(status, message, caller))
        self.status = status
        self.message = message
        self.by_exchange = by_exchange
        self.problem = problem
        # The same request was sent before, and what became of it is not known: the refusal may be its consequence.
        self.repeated = False

    def says(self, *statuses: int) -> bool:
        """Whether the exchange itself answered one of these; a stranger's status means nothing."""
        return self.by_exchange and self.status in statuses

    @property
    def missing(self) -> bool:
        """Whether the exchange says that what was asked for is not there."""
        return self.says(404)


class Unspoken(CourierError):
    """The server does not know this request: it is older than the plugin, or an ngshare."""

    def __init__(self, refused: Refused, *, entirely: bool) -> None:
        """`refused`: how it said so. `entirely`: not only this request, but the whole of nbcourier's own API."""
        super().__init__("The exchange does not know nbcourier's own API")
        self.refused = refused
        self.entirely = entirely


def _explained(status: int, message: str, caller: str) -> str:
    if status == 403 and caller:
        return (
            "You are not allowed to do this: either you are not in the course, or only its instructors may"
            f" ({message}); the exchange knows you as '{caller}'{_way_in(caller)}"
        )
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


def _way_in(caller: str) -> str:
    # A formgrader that is run by the hub asks as a service, which is nobody of the same name.
    if not caller.startswith("service:"):
        return ""
    return (
        ". An administrator lets a service of the hub in with"
        f" `nbcourier roster add COURSE {caller} --role instructor`"
    )


def printable(text: str, at_most: int) -> str:
    """The text with a mark in the place of each character that a terminal would obey, cut off where it is too long."""
    marked = "".join(
        "\N{REPLACEMENT CHARACTER}" if is_invisible(each) else each
        for each in text[:at_most]
    )
    return marked + ("…" if len(text) > at_most else "")


def some(
    sentences: list[str], *, at_most: int = MAX_NAMED, separator: str = ", "
) -> str:
    """The first of them, and how many more there are."""
    rest = len(sentences) - at_most
    listed = separator.join(sentences[:at_most])
    return f"{listed} and {rest} more" if rest > 0 else listed


def is_invisible(character: str) -> bool:
    """Whether nobody sees it, and a terminal may obey it."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
