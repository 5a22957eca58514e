"""The errors between a notebook server and the exchange, each with a sentence for the user."""

from __future__ import annotations

import unicodedata
from typing import Any

# The maximum number of names in one sentence.
MAX_NAMED = 20
# The maximum length of a sentence, in characters.
_LONGEST_SENTENCE = 1000


class CourierError(Exception):
    """A failure whose text is meant for the user."""

    # Whether the exchange has certainly done nothing of what was asked.
    untouched = False


class Illegal(CourierError):
    """A name, path or time that is invalid."""


class Unreachable(CourierError):
    """The exchange did not answer, or the answer broke off."""


class BrokenOff(Unreachable):
    """The answer began, but did not end correctly."""


class Refused(CourierError):
    """The exchange answered with a refusal."""

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
        """`message` is the exchange's sentence; `problem` the whole refusal, if the exchange's own API sent it.

        `by_exchange` is False if another program, for example a proxy, sent the refusal. `caller` is the name by which
        the exchange knows the caller. `explained` is the whole sentence for the user,
        if it is not made from the message.
        """
        message = printable(message, _LONGEST_SENTENCE)
        caller = printable(caller, _LONGEST_SENTENCE)
        super().__init__(explained or _explained(status, message, caller))
        self.status = status
        self.message = message
        self.by_exchange = by_exchange
        self.problem = problem
        # Whether an earlier attempt had an unknown outcome, so that this refusal may be its consequence.
        self.repeated = False

    def says(self, *statuses: int) -> bool:
        """Whether the exchange itself answered with one of these statuses. Statuses of other programs do not count."""
        return self.by_exchange and self.status in statuses

    @property
    def missing(self) -> bool:
        """Whether the exchange says that the requested thing does not exist."""
        return self.says(404)


class UnknownRequest(CourierError):
    """The server does not know this request: it is older than the plugin, or it is an ngshare."""

    def __init__(self, refused: Refused, *, entirely: bool) -> None:
        """`refused` is the server's answer. `entirely`: the server knows nothing of nbcourier's own API."""
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
        507: "The exchange has no room left; tell the administrators of your JupyterHub",
    }.get(status)
    if advice is None and status >= 500:
        advice = "The exchange is in trouble; try again in a few minutes"
    return f"{advice} ({message})" if advice else f"The exchange says: {message}"


def _way_in(caller: str) -> str:
    # A formgrader that the hub runs asks as a service, which is a different caller than a person of the same name.
    if not caller.startswith("service:"):
        return ""
    return (
        ". An administrator admits a service of the hub with"
        f" `nbcourier roster add COURSE {caller} --role instructor`"
    )


def printable(text: str, at_most: int) -> str:
    """Returns the text without control characters, each replaced by a mark, and cut to the maximum length."""
    marked = "".join(
        "\N{REPLACEMENT CHARACTER}" if is_invisible(each) else each
        for each in text[:at_most]
    )
    return marked + ("…" if len(text) > at_most else "")


def some(
    sentences: list[str], *, at_most: int = MAX_NAMED, separator: str = ", "
) -> str:
    """Returns the first sentences, and the number of the others."""
    rest = len(sentences) - at_most
    listed = separator.join(sentences[:at_most])
    return f"{listed} and {rest} more" if rest > 0 else listed


def is_invisible(character: str) -> bool:
    """Whether the character is invisible, so that a terminal may interpret it."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")
