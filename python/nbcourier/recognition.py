"""The kind of server at an address. Other servers also send JSON of an exchange's form."""

from __future__ import annotations

import json
import re
from enum import Enum, auto
from typing import Any

# Every reply of an exchange has this header.
MARK = "X-NbCourier"
# An exchange's answer to a challenge, which is part of the reply to a health check.
_PROOF = re.compile(r"[0-9a-f]{64}")
# The replies of ngshare 0.6.0 to a health check and to an unknown address: the whole, and its beginning.
_HEALTHY = {"success": True}
_NO_ADDRESS = b"<h1>404 Not Found</h1>"


class Server(Enum):
    """The kind of server at an address."""

    # An exchange whose replies arrive with the mark: a reply without it comes from a program before the exchange.
    MARKED = auto()
    # An exchange whose mark is removed on the way, or one that is older than the mark.
    UNMARKED = auto()
    NGSHARE = auto()
    STRANGER = auto()

    @property
    def speaks_unmarked(self) -> bool:
        """Whether replies without the mark come from an exchange."""
        return self in (Server.UNMARKED, Server.NGSHARE)


def by_health(status: int, is_marked: bool, body: bytes) -> Server | None:
    """Returns the kind of server from its reply to a health check with a challenge; None for a possible ngshare."""
    answer = json_of(body)
    if status != 200 or not isinstance(answer, dict) or answer.get("success") is not True:
        return Server.STRANGER
    if is_marked:
        return Server.MARKED
    proof = answer.get("proof")
    if isinstance(proof, str) and _PROOF.fullmatch(proof):
        return Server.UNMARKED
    return None if answer == _HEALTHY else Server.STRANGER


def is_ngshares_404(status: int, body: bytes) -> bool:
    """Whether this is the reply of an ngshare to an unknown address. Other servers may have the same health check."""
    return status == 404 and body.startswith(_NO_ADDRESS)


def json_of(body: bytes) -> Any:
    """Returns the JSON; None if it is none."""
    try:
        return json.loads(body)
    # Python raises RecursionError for JSON that is nested too deeply.
    except (ValueError, RecursionError):
        return None
