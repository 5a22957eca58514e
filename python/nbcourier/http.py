"""Requests to the exchange: with the hub's token, a limit on every wait, and another try where that is safe."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable, TypeVar
from urllib.parse import quote

import requests
from requests.auth import AuthBase
from urllib3.exceptions import NewConnectionError

from . import progress
from .body import Body
from .errors import BrokenOff, CourierError, Illegal, Refused, Unreachable
from .reply import Reply

CONNECT_LIMIT_S = 10
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
# Somebody on the way is busy or restarting; the same request may well succeed in a moment.
_PASSING = (429, 502, 503, 504)

# In an address these lead to another place than the one that is meant.
_NO_NAMES = ("", ".", "..")

S = TypeVar("S")
T = TypeVar("T")


class _Token(AuthBase):
    # As an AuthBase, not as a header of the session: requests lets a .netrc replace a mere header.
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # Bytes: a header of any other characters than these would not even be sent.
        request.headers["Authorization"] = f"token {self._token}".encode()
        return request


class _Sending:
    """A body on its way, which tells how much of it is gone."""

    def __init__(self, body: Body, done: Callable[[int], object]) -> None:
        self._body = body
        self._done = done

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body.parts():
            yield part
            self._done(len(part))


class _SendingSoMuch(_Sending):
    # By this requests knows how long it is; without, it sends in chunks.
    def __len__(self) -> int:
        return self._body.length or 0


class _Passed(Exception):
    """A failure after which the same request may be sent again; `error` is what to raise when it may not."""

    def __init__(
        self, error: CourierError, *, untouched: bool, pause: float | None = None
    ) -> None:
        self.error = error
        # The exchange has certainly done nothing yet, so even what is not repeatable may be sent again.
        self.untouched = untouched
        self.pause = pause


class Connection:
    """Speaks to one exchange as one person."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float,
        attempts: int,
        log: logging.Logger,
    ) -> None:
        """`timeout`: the longest silence, in seconds; `attempts`: how often a request is sent at most."""
        self.url = url
        self.attempts = max(1, attempts)
        self.log = log
        # Why something that the exchange told of could not be used, each in a sentence.
        self.left_out: list[str] = []
        self._timeout = timeout
        self._session = requests.Session()
        self._session.auth = _Token(token)

    def ask(
        self,
        method: str,
        *names: str,
        use: Callable[[Reply], T],
        query: Mapping[str, str] | None = None,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
        resumable: bool = False,
    ) -> T:
        """Sends a request and returns what `use` makes of the reply; `names` are the parts of the path below `url`.

        `repeatable`: sending it twice is the same as once, so it is sent again when nobody knows what became of it,
        and `use` gets another reply. `resumable`: when the reply breaks off, the caller would rather go on from there.
        """
        for name in names:
            if name in _NO_NAMES:
                raise CourierError(f"'{name}' is not the name of anything")
        url = "/".join([self.url, *(quote(name, safe="") for name in names)])
        request = {"params": query, "headers": dict(headers or {}), "body": body}
        repeated = False
        for attempt in range(1, self.attempts + 1):
            try:
                return self._ask_once(method, url, use, resumable, **request)
            except Refused as refused:
                refused.repeated = repeated
                raise
            except _Passed as passed:
                if attempt == self.attempts or not (repeatable or passed.untouched):
                    raise passed.error from passed.__cause__
                repeated = repeated or not passed.untouched
                self.rest(attempt, passed.error, passed.pause)
        raise AssertionError("the last attempt returns or raises")

    def leave_out(self, error: CourierError) -> None:
        """Notes that something of what the exchange sent cannot be used, which keeps nothing else from being done."""
        sentence = f"Left out of what the exchange sent: {error}"
        if sentence not in self.left_out:
            self.left_out.append(sentence)
            self.log.error("%s", sentence)

    def usable(self, each: Iterable[S], read: Callable[[S], T]) -> list[T]:
        """What `read` makes of each; those are left out of which it raises `Illegal`."""
        found = []
        for one in each:
            try:
                found.append(read(one))
            except Illegal as error:
                self.leave_out(error)
        return found

    def rest(
        self, attempt: int, error: CourierError, at_least: float | None = None
    ) -> None:
        """Waits before another attempt, longer after each."""
        # Spread out, because a whole class that was cut off together would come back together.
        grown = FIRST_PAUSE_S * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
        pause = min(max(grown, at_least or 0.0), LONGEST_PAUSE_S)
        self.log.info("%s; trying again in %.1f s", error, pause)
        time.sleep(pause)

    def _ask_once(
        self,
        method: str,
        url: str,
        use: Callable[[Reply], T],
        resumable: bool,
        **request: Any,
    ) -> T:
        try:
            with self._reply(method, url, **request) as response:
                self._raise_for_status(response)
                return use(Reply(response, self.url))
        except BrokenOff as error:
            if resumable:
                raise
            raise _Passed(error, untouched=False) from error
        except requests.exceptions.SSLError as error:
            raise CourierError(
                f"The certificate of the exchange at {self.url} is not trusted: {error}"
            ) from error
        except requests.ConnectionError as error:
            raise _Passed(
                Unreachable(f"The exchange at {self.url} does not answer"),
                untouched=_never_connected(error),
            ) from error
        except (requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise _Passed(
                Unreachable(f"The exchange at {self.url} stopped answering"),
                untouched=isinstance(error, requests.ConnectTimeout),
            ) from error
        except requests.RequestException as error:
            raise CourierError(f"{self.url} cannot be asked: {error}") from error

    def _reply(
        self,
        method: str,
        url: str,
        *,
        body: Body | None,
        headers: dict[str, str],
        **more: Any,
    ) -> requests.Response:
        with progress.bar("Sending", body.length if body else None) as done:
            data = None
            if body is not None:
                headers = headers | body.headers
                data = (_SendingSoMuch if body.length else _Sending)(body, done)
            return self._session.request(
                method,
                url,
                data=data,
                headers=headers,
                timeout=(CONNECT_LIMIT_S, self._timeout),
                stream=True,
                # A redirected POST would become a GET, and the work would be lost silently.
                allow_redirects=method == "GET",
                **more,
            )

    def _raise_for_status(self, response: requests.Response) -> None:
        if response.status_code < 300:
            return
        refused = Reply(response, self.url).refusal()
        if response.status_code in _PASSING:
            # A proxy that gave up does not know what became of the request; the exchange itself does.
            untouched = refused.by_exchange or response.status_code == 429
            raise _Passed(refused, untouched=untouched, pause=_asked_pause(response))
        raise refused


def _never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _asked_pause(response: requests.Response) -> float | None:
    asked = response.headers.get("Retry-After", "")
    return float(asked) if asked.isascii() and asked.isdigit() else None
