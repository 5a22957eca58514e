"""What comes back from the exchange: JSON, a stream of files, or a refusal."""

from __future__ import annotations

import json
from typing import Any, Callable

import requests

from . import progress
from .answer import Answer
from .body import CHUNK
from .errors import BrokenOff, CourierError, Refused

_PROBLEM = "application/problem+json"
# What is read of a refusal: room for a sentence, and for the sums of very many files.
_LONGEST_REFUSAL = 1 << 26
# The longest answer, in bytes: more than any listing of a large course.
_LONGEST_ANSWER = 1 << 28


class Reply:
    """What the exchange at this address answered; its content is still on its way."""

    def __init__(self, response: requests.Response, exchange: str) -> None:
        self._response = response
        self._exchange = exchange

    def header(self, name: str) -> str:
        """One of its headers, empty when it has none such."""
        return self._response.headers.get(name, "")

    @property
    def length(self) -> int | None:
        """How many bytes are to come, if it says so."""
        length = self.header("Content-Length")
        # Longer ones are no numbers, and take Python long to read.
        is_number = length.isascii() and length.isdigit() and len(length) < 20
        return int(length) if is_number else None

    def answer(self) -> Answer:
        """The content, which is a JSON object if this is an exchange."""
        with progress.bar("Receiving", self.length) as done:
            content = self._incoming(done).whole(_LONGEST_ANSWER + 1)
        if len(content) > _LONGEST_ANSWER:
            raise self.strange("its answer does not end")
        return self.parsed(content)

    def parsed(self, content: bytes) -> Answer:
        """A part of the content that is a JSON object if this is an exchange."""
        try:
            members = json.loads(content)
        # Of what is nested too deep, Python says the latter.
        except (ValueError, RecursionError) as error:
            raise self.strange("there is no JSON in its answer") from error
        return Answer(members, self.strange)

    def nothing(self) -> None:
        """No content, which is how an exchange says that something is gone."""
        if self._response.status_code != 204:
            raise self.strange(f"its answer is \"{self._response.status_code}\"")

    def stream(self, content_type: str, done: Callable[[int], object]) -> Incoming:
        """The content, which is of this type if this is an exchange; `done` is told of each part that came."""
        if not self.header("Content-Type").startswith(content_type):
            raise self.strange("there is no archive in its answer")
        return self._incoming(done)

    def refusal(self) -> Refused:
        """Why the exchange, or whoever answers in its place, says no."""
        if self._response.status_code < 400:
            raise self.strange(f"its answer is \"{self._response.status_code}\"")
        answer = self._told()
        is_problem = self.header("Content-Type").split(";")[0].strip() == _PROBLEM
        sentence = answer.get("detail" if is_problem else "message")
        return Refused(
            self._response.status_code,
            str(sentence or self._response.reason or "no reason"),
            by_exchange=bool(answer),
            problem=answer if is_problem else None,
        )

    def strange(self, reason: str) -> CourierError:
        """What to raise when nothing that is an exchange answers like this."""
        return CourierError(
            f"What answers at {self._exchange} is no exchange; ask whoever runs your JupyterHub ({reason})"
        )

    def _told(self) -> dict[str, Any]:
        try:
            answer = json.loads(self._incoming().whole(_LONGEST_REFUSAL))
        except (ValueError, RecursionError):
            return {}
        return answer if isinstance(answer, dict) else {}

    def _incoming(self, done: Callable[[int], object] = lambda _: None) -> Incoming:
        return Incoming(self._response, self._exchange, done)


class Incoming:
    """A content as a file that is read once, and that raises nothing but `BrokenOff`."""

    def __init__(
        self,
        response: requests.Response,
        exchange: str,
        done: Callable[[int], object],
    ) -> None:
        self._parts = response.iter_content(CHUNK)
        self._exchange = exchange
        self._done = done
        self._rest = memoryview(b"")

    def read(self, size: int) -> bytes:
        """At most so many bytes: those that are there, or the next to come; none at the end."""
        if not self._rest:
            self._rest = memoryview(self._next())
        part, self._rest = self._rest[:size], self._rest[size:]
        return bytes(part)

    def whole(self, at_most: int) -> bytes:
        """All that is still to come, or the beginning of it."""
        parts = []
        while at_most > 0 and (part := self.read(at_most)):
            parts.append(part)
            at_most -= len(part)
        return b"".join(parts)

    def _next(self) -> bytes:
        try:
            part = next(self._parts, b"")
        except requests.RequestException as error:
            raise BrokenOff(
                f"The exchange at {self._exchange} stopped answering"
            ) from error
        self._done(len(part))
        return part
