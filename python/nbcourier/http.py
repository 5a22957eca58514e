"""Requests to the exchange: with the hub's token, a limit on every wait, and another try where that is safe."""

from __future__ import annotations

import io
import json
import logging
import random
import time
from typing import Any, Callable
from urllib.parse import quote

import requests
from requests.auth import AuthBase
from urllib3.exceptions import NewConnectionError

from . import progress
from .errors import CourierError, Refused, Unreachable

CONNECT_LIMIT_S = 10
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
_CHUNK = 1 << 16
# Somebody on the way is busy or restarting; the same request may well succeed in a moment.
_PASSING = (429, 502, 503, 504)


class _Token(AuthBase):
    # As an AuthBase, not as a header of the session: requests lets a .netrc replace a mere header.
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"token {self._token}"
        return request


class _Upload(io.BytesIO):
    """A body that tells how much of it has been read."""

    def __init__(self, body: bytes, done: Callable[[int], object]) -> None:
        super().__init__(body)
        self._done = done

    def read(self, size: int | None = -1) -> bytes:
        part = super().read(size)
        self._done(len(part))
        return part


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
        self._timeout = timeout
        self._attempts = max(1, attempts)
        self._log = log
        self._session = requests.Session()
        self._session.auth = _Token(token)

    def get(self, *names: str, **query: str) -> dict[str, Any]:
        """Reads something; `names` are the parts of the path below the exchange's address."""
        return self._sent("GET", names, repeatable=True, params=query)

    def delete(self, *names: str) -> dict[str, Any]:
        """Removes something; repeated, it may answer that it is not there."""
        return self._sent("DELETE", names, repeatable=False)

    def post(
        self, *names: str, form: bytes, repeatable: bool = False
    ) -> dict[str, Any]:
        """Sends a form; `repeatable` says that sending it twice is the same as once."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._sent(
            "POST", names, repeatable=repeatable, form=form, headers=headers
        )

    def _sent(
        self, method: str, names: tuple[str, ...], *, repeatable: bool, **more: Any
    ) -> dict[str, Any]:
        url = "/".join([self.url, *(quote(name, safe="") for name in names)])
        for attempt in range(1, self._attempts + 1):
            try:
                return self._sent_once(method, url, **more)
            except _Passed as passed:
                if attempt == self._attempts or not (repeatable or passed.untouched):
                    raise passed.error from passed.__cause__
                pause = _pause(attempt, passed.pause)
                self._log.info("%s; trying again in %.1f s", passed.error, pause)
                time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _sent_once(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        try:
            with self._reply(method, url, **more) as reply:
                return self._understood(reply, _body(reply))
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
        self, method: str, url: str, *, form: bytes = b"", **more: Any
    ) -> requests.Response:
        with progress.bar("Sending", len(form)) as done:
            return self._session.request(
                method,
                url,
                data=_Upload(form, done) if form else None,
                timeout=(CONNECT_LIMIT_S, self._timeout),
                stream=True,
                # A redirected POST would become a GET, and the work would be lost silently.
                allow_redirects=method == "GET",
                **more,
            )

    def _understood(self, reply: requests.Response, body: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        from_exchange = isinstance(answer, dict)
        if from_exchange and reply.status_code == 200 and answer.get("success"):
            return answer
        if reply.status_code < 400:
            raise CourierError(
                f"What answers at {self.url} is no exchange; ask whoever runs your JupyterHub"
            )
        message = answer.get("message") if from_exchange else None
        refused = Refused(
            reply.status_code, str(message or reply.reason or "no reason")
        )
        if reply.status_code in _PASSING:
            # A proxy that gave up does not know what became of the request; the exchange itself does.
            untouched = from_exchange or reply.status_code == 429
            raise _Passed(refused, untouched=untouched, pause=_asked_pause(reply))
        raise refused


def _body(reply: requests.Response) -> bytes:
    length = reply.headers.get("Content-Length", "")
    parts = []
    with progress.bar("Receiving", int(length) if length.isdigit() else None) as done:
        for part in reply.iter_content(_CHUNK):
            parts.append(part)
            done(len(part))
    return b"".join(parts)


def _never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _asked_pause(reply: requests.Response) -> float | None:
    asked = reply.headers.get("Retry-After", "")
    return float(asked) if asked.isdigit() else None


def _pause(attempt: int, asked: float | None) -> float:
    # Spread out, because a whole class that was cut off together would come back together.
    grown = FIRST_PAUSE_S * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
    return min(max(grown, asked or 0.0), LONGEST_PAUSE_S)
