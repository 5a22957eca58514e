"""Replies of the exchange: JSON, a stream of files, or a refusal."""

from __future__ import annotations

from typing import Any, Callable
from urllib.parse import unquote, urljoin, urlsplit

import requests

from . import progress
from .address import Address
from .answer import Answer
from .body import CHUNK
from .errors import BrokenOff, CourierError, Refused, printable
from .recognition import MARK, Server, json_of

_PROBLEM = "application/problem+json"
# The caller as the exchange knows them, percent-encoded. The exchange sends it with refusals that depend on the caller.
_CALLER = "X-NbCourier-Caller"
# The maximum length of an address or a reason that is shown, in characters.
_LONGEST_ADDRESS = 300
# The maximum number of bytes that are read of a refusal: enough for the checksums of very many files.
_LONGEST_REFUSAL = 1 << 26
# The maximum length of an answer, in bytes: more than any listing of a large course.
_LONGEST_ANSWER = 1 << 28


class Reply:
    """The reply from an address. Its content is still on its way."""

    def __init__(
        self,
        response: requests.Response,
        address: Address,
        server: Callable[[], Server],
        proxy: str = "",
    ) -> None:
        """`server` finds out what the server is. `proxy` is the request's proxy, without its password."""
        self._response = response
        self._address = address
        self._server = server
        self._exchange = address.url
        self._way = f" through the proxy {proxy}" if proxy else ""

    @property
    def status(self) -> int:
        """Returns the status."""
        return self._response.status_code

    @property
    def is_marked(self) -> bool:
        """Whether the reply has the mark of an exchange."""
        return MARK in self._response.headers

    def header(self, name: str) -> str:
        """Returns a header, empty if it is missing."""
        return self._response.headers.get(name, "")

    @property
    def length(self) -> int | None:
        """Returns the number of bytes to come, if the reply states it."""
        length = self.header("Content-Length")
        # Longer ones are not valid, and Python parses them slowly.
        is_number = length.isascii() and length.isdigit() and len(length) < 20
        return int(length) if is_number else None

    def answer(self) -> Answer:
        """Returns the content, which is a JSON object if the server is an exchange."""
        with progress.bar("Receiving", self.length) as done:
            content = self._incoming(done).whole(_LONGEST_ANSWER + 1)
        if len(content) > _LONGEST_ANSWER:
            raise self.strange("its answer does not end")
        return self.parsed(content)

    def parsed(self, content: bytes) -> Answer:
        """Returns a part of the content, which is a JSON object if the server is an exchange."""
        members = json_of(content)
        if members is None:
            raise self.strange("there is no JSON in its answer")
        answer = Answer(members, self.strange)
        self._require_exchange()
        return answer

    def beginning(self, size: int) -> bytes:
        """Returns the content, up to this many bytes."""
        return self._incoming().whole(size)

    def nothing(self) -> None:
        """Checks that there is no content, which is how an exchange reports that something was removed."""
        if self.status != 204:
            raise self.strange(f"its answer is {self._line}")
        # Some portals answer 204 to everything.
        self._require_exchange()

    def stream(
        self, content_type: str, done: Callable[[int], object], what: str = "archive"
    ) -> Incoming:
        """Returns the content, which has this type if the server is an exchange; calls `done` for each part.

        `what` names the content in the error for another type.
        """
        self._require_exchange()
        if not self.header("Content-Type").startswith(content_type):
            raise self.strange(f"there is no {what} in its answer")
        return self._incoming(done)

    def refusal(self) -> Refused:
        """Returns the refusal of the exchange, or of another program that answers in its place."""
        if self.status < 400:
            raise self.strange(f"its answer is {self._line}")
        answer = self._message()
        is_problem = self.header("Content-Type").split(";")[0].strip() == _PROBLEM
        sentence = answer.get("detail" if is_problem else "message")
        # The two forms of an exchange's refusals. Hubs and proxies send pages, or JSON of another form.
        has_form = answer.get("success") is False or (is_problem and "status" in answer)
        has_form = has_form and isinstance(sentence, str)
        if not (has_form and self._is_exchanges()):
            is_before = has_form and self._server() is Server.MARKED
            return Refused(
                self.status,
                self._line,
                by_exchange=False,
                explained=self._stranger(is_before),
            )
        return Refused(
            self.status,
            sentence,
            problem=answer if is_problem else None,
            caller=unquote(self.header(_CALLER)),
        )

    @property
    def redirects_to(self) -> str | None:
        """Returns the address of a redirect, without its query."""
        location = self.header("Location")
        if not (300 <= self.status < 400 and location):
            return None
        return urljoin(self._response.url, location).partition("?")[0]

    def moved(self, base: str | None) -> CourierError:
        """Returns the error for a redirect; `base` is the exchange's new address, if the redirect leads to one."""
        if base is None or urlsplit(base).path != urlsplit(self._exchange).path:
            target = printable(self.redirects_to or "", _LONGEST_ADDRESS)
            return self.strange(f"it redirects to {target}")
        base = printable(base, _LONGEST_ADDRESS)
        return CourierError(
            f"The server at {self._exchange} redirects to {base}, which was not followed. If that is the exchange's"
            f" address, set NBCOURIER_URL or c.NbCourier.url to {base}"
        )

    def strange(self, reason: str) -> CourierError:
        """Returns the error for an answer that no exchange gives."""
        return CourierError(
            f"The server at {self._exchange}{self._way} is not an exchange ({reason}). {self._address.advice}"
        )

    def _is_exchanges(self) -> bool:
        """Whether the reply comes from an exchange. Asks the server what it is if the reply has no mark."""
        return self.is_marked or self._server().speaks_unmarked

    def _require_exchange(self) -> None:
        if self._is_exchanges():
            return
        if self._server() is Server.MARKED:
            raise CourierError(self._before("answers in its place"))
        raise self.strange("nothing in its answer says that it is one")

    def _before(self, what: str) -> str:
        """Returns a sentence about a program between here and the exchange."""
        return (
            f"A server in front of the exchange at {self._exchange}{self._way} {what}. Tell the administrators of your"
            f" JupyterHub. {self._address.advice}"
        )

    @property
    def _line(self) -> str:
        reason = printable(self._response.reason or "", _LONGEST_ADDRESS)
        return f"{self.status} {reason}".strip()

    def _stranger(self, is_before: bool) -> str:
        """Returns a sentence about a refusal that did not come from an exchange; an exchange may be behind its sender."""
        if self.status == 413:
            return (
                f"A server in front of the exchange at {self._exchange}{self._way} refuses a request of this size"
                f" ({self._line}). Make it smaller, or tell the administrators of your JupyterHub"
            )
        if self.status == 429 or self.status >= 500:
            return (
                f"A server in front of the exchange at {self._exchange}{self._way} answers {self._line}. Try again in a"
                f" few minutes. {self._address.advice}"
            )
        if is_before:
            return self._before(f"answers {self._line}")
        return str(self.strange(f"it answers {self._line}"))

    def _message(self) -> dict[str, Any]:
        try:
            answer = json_of(self.beginning(_LONGEST_REFUSAL))
        except BrokenOff:
            raise
        except CourierError:
            return {}
        return answer if isinstance(answer, dict) else {}

    def _incoming(self, done: Callable[[int], object] = lambda _: None) -> Incoming:
        return Incoming(self._response, self._exchange, done, self.strange)


class Incoming:
    """Content as a file that is read once. Reading raises `BrokenOff`, or the error that `strange` returns."""

    def __init__(
        self,
        response: requests.Response,
        exchange: str,
        done: Callable[[int], object],
        strange: Callable[[str], CourierError],
    ) -> None:
        """`strange` returns the error for an answer that no exchange gives."""
        self._parts = response.iter_content(CHUNK)
        self._exchange = exchange
        self._done = done
        self._strange = strange
        self._rest = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Returns at most this many bytes: the buffered ones, or the next to arrive; none at the end."""
        if not self._rest:
            self._rest = memoryview(self._next())
        part, self._rest = self._rest[:size], self._rest[size:]
        return bytes(part)

    def whole(self, at_most: int) -> bytes:
        """Returns the rest of the content, up to this many bytes."""
        parts = []
        while at_most > 0 and (part := self.read(at_most)):
            parts.append(part)
            at_most -= len(part)
        return b"".join(parts)

    def _next(self) -> bytes:
        try:
            part = next(self._parts, b"")
        except requests.exceptions.ContentDecodingError as error:
            raise self._strange("its answer cannot be unpacked") from error
        except requests.RequestException as error:
            raise BrokenOff(
                f"The exchange at {self._exchange} stopped answering"
            ) from error
        self._done(len(part))
        return part
