"""Requests to the exchange, with the hub's token, a limit on every wait, and retries where they are safe."""

from __future__ import annotations

import logging
import os
import random
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Callable, TypeVar
from urllib.parse import quote, urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import NewConnectionError

from . import progress
from .address import Address
from .body import Body
from .errors import BrokenOff, CourierError, Illegal, Refused, Unreachable
from .names import is_text, shown
from .recognition import Server, by_health, is_ngshares_404
from .reply import Reply

CONNECT_LIMIT_S = 10
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
# A proxy or the exchange is busy or restarting; the same request may succeed in a moment.
_PASSING = (429, 502, 503, 504)

# In an address these parts lead to another place than the intended one.
_NO_NAMES = ("", ".", "..")
# The maximum number of bytes that are read to find out what a server is.
_ENOUGH = 1 << 16

S = TypeVar("S")
T = TypeVar("T")


class _Token(AuthBase):
    # An AuthBase and not a header of the session, because requests lets a .netrc replace a mere header.
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        # Bytes, because requests cannot send a text header with characters outside of Latin-1.
        request.headers["Authorization"] = f"token {self._token}".encode()
        return request


class _Upload:
    """A body that reports how much of it was sent."""

    def __init__(self, body: Body, done: Callable[[int], object]) -> None:
        self._body = body
        self._done = done

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body.parts():
            yield part
            self._done(len(part))


class _SizedUpload(_Upload):
    # requests takes the length from here; without it, requests sends the body in chunks.
    def __len__(self) -> int:
        return self._body.length or 0


class _PossibleRetry(Exception):
    """A failure after which the request may be sent again; `error` is raised if it may not."""

    def __init__(
        self, error: CourierError, *, untouched: bool, pause: float | None = None
    ) -> None:
        self.error = error
        # Whether the exchange has certainly done nothing yet, so that any request may be sent again.
        self.untouched = untouched
        self.pause = pause


class _Session(requests.Session):
    """A session with only the given proxy; a plain session would use any proxy of the environment."""

    def __init__(self, proxy: str | None) -> None:
        super().__init__()
        self._through = proxy

    def merge_environment_settings(self, *arguments: Any) -> dict[str, Any]:
        """Takes certificates from the environment, from the variables of requests or else of OpenSSL."""
        settings = super().merge_environment_settings(*arguments)
        if settings["verify"] is True:
            settings["verify"] = _openssl_certificates() or True
        proxy = self._through
        settings["proxies"] = {"http": proxy, "https": proxy} if proxy else {}
        return settings


class _RedirectedToTls(Exception):
    """The server redirects to TLS, which was not used yet."""


class Connection:
    """A connection to one exchange as one person."""

    def __init__(
        self,
        address: Address,
        token: str,
        *,
        timeout: float,
        attempts: int,
        log: logging.Logger,
    ) -> None:
        """`timeout`: the longest silence, in seconds; `attempts`: the maximum number of times a request is sent."""
        self.address = address
        self.attempts = max(1, attempts)
        self.log = log
        # Why parts of the exchange's answers could not be used, one sentence each.
        self.left_out: list[str] = []
        self._timeout = timeout
        self._odd_token = _oddness(token)
        self._server: Server | None = None
        proxy = None if address.direct else _proxy_for(address.url)
        self._proxy = _without_password(proxy)
        self._session = _Session(proxy)
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

        `repeatable`: sending it twice has the same effect as once. It is sent again if its outcome is unknown, and
        `use` then gets another reply. `resumable`: if the reply breaks off, the caller wants to continue from there.
        """
        for name in names:
            if name in _NO_NAMES:
                raise CourierError(f"'{name}' is not the name of anything")
        for text in (*names, *(query or {}).values()):
            if not is_text(text):
                raise CourierError(f"{shown(text)} is no text, so the exchange cannot be asked for it")
        path = "".join(f"/{quote(name, safe='')}" for name in names)
        request = {"params": query, "headers": dict(headers or {}), "body": body}
        try:
            return self._ask(method, path, use, repeatable, resumable, request)
        except _RedirectedToTls:
            return self._ask(method, path, use, repeatable, resumable, request)

    def _ask(
        self,
        method: str,
        path: str,
        use: Callable[[Reply], T],
        repeatable: bool,
        resumable: bool,
        request: dict[str, Any],
    ) -> T:
        repeated = False
        for attempt in range(1, self.attempts + 1):
            try:
                return self._ask_once(method, path, use, resumable, **request)
            except Refused as refused:
                refused.repeated = repeated
                raise
            except _PossibleRetry as passed:
                if attempt == self.attempts or not (repeatable or passed.untouched):
                    passed.error.untouched = passed.untouched
                    raise passed.error from passed.__cause__
                repeated = repeated or not passed.untouched
                self.rest(attempt, passed.error, passed.pause)
        raise AssertionError("the last attempt returns or raises")

    def leave_out(self, error: CourierError) -> None:
        """Notes that a part of an answer cannot be used. The rest is still used."""
        sentence = f"Left out of what the exchange sent: {error}"
        if sentence not in self.left_out:
            self.left_out.append(sentence)
            self.log.error("%s", sentence)

    def usable(self, each: Iterable[S], read: Callable[[S], T]) -> list[T]:
        """Returns what `read` makes of each item; leaves out the items for which it raises `Illegal`."""
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
        """Waits before the next attempt, longer each time."""
        # Randomised, because a whole class that lost its connection would otherwise return at the same moment.
        grown = FIRST_PAUSE_S * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
        pause = min(max(grown, at_least or 0.0), LONGEST_PAUSE_S)
        self.log.info("%s; trying again in %.1f s", error, pause)
        time.sleep(pause)

    def _ask_once(
        self,
        method: str,
        path: str,
        use: Callable[[Reply], T],
        resumable: bool,
        **request: Any,
    ) -> T:
        url = self.address.url
        try:
            with self._reply(method, url + path, **request) as response:
                reply = Reply(response, self.address, self._recognised, self._proxy)
                self._follow(reply, path)
                self._raise_for_status(reply)
                return use(reply)
        except BrokenOff as error:
            if resumable:
                raise
            raise _PossibleRetry(error, untouched=False) from error
        except requests.exceptions.SSLError as error:
            raise CourierError(
                f"The certificate of the exchange at {url} is not trusted: {error}. {self.address.advice}"
            ) from error
        except requests.ConnectionError as error:
            way = f" through the proxy {self._proxy}" if self._proxy else ""
            raise _PossibleRetry(
                Unreachable(
                    f"The exchange at {url} does not answer{way}. {self.address.advice}"
                ),
                untouched=_never_connected(error),
            ) from error
        except (requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
            raise _PossibleRetry(
                Unreachable(f"The exchange at {url} stopped answering"),
                untouched=isinstance(error, requests.ConnectTimeout),
            ) from error
        except requests.RequestException as error:
            raise CourierError(
                f"{url} cannot be asked: {error}. {self.address.advice}"
            ) from error

    def _recognised(self) -> Server:
        """Returns what the server is; asks it once."""
        if self._server is None:
            # The proof depends on the challenge, so that no cache answers in the exchange's place.
            health = self._glance("/healthz", challenge=secrets.token_hex(16))
            self._server = by_health(*health)
            if self._server is None:
                status, _, body = self._glance("/v1/courses")
                is_ngshare = is_ngshares_404(status, body)
                self._server = Server.NGSHARE if is_ngshare else Server.STRANGER
        return self._server

    def _glance(self, path: str, **query: str) -> tuple[int, bool, bytes]:
        """Returns the status of a reply, whether it has the mark, and the beginning of its content."""
        url = self.address.url + path
        with self._reply("GET", url, body=None, headers={}, params=query) as response:
            reply = Reply(response, self.address, self._recognised, self._proxy)
            return reply.status, reply.is_marked, reply.beginning(_ENOUGH)

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
                data = (_SizedUpload if body.length else _Upload)(body, done)
            return self._session.request(
                method,
                url,
                data=data,
                headers=headers,
                timeout=(CONNECT_LIMIT_S, self._timeout),
                stream=True,
                # After a redirect a POST would become a GET, and the work would be lost silently. The token must
                # not go to another server either.
                allow_redirects=False,
                **more,
            )

    def _follow(self, reply: Reply, path: str) -> None:
        """Upgrades to TLS if the redirect asks for nothing else; raises an error for any other redirect."""
        target = reply.redirects_to
        if target is None:
            return
        base = target.removesuffix(path)
        if base != target and _is_upgrade(self.address.url, base):
            self.log.info("The exchange is asked at %s from now on", base)
            self.address = replace(self.address, url=base)
            raise _RedirectedToTls
        raise reply.moved(base if base != target else None)

    def _raise_for_status(self, reply: Reply) -> None:
        if reply.status < 300:
            return
        refused = reply.refusal()
        if reply.status in _PASSING:
            # A proxy that gave up does not know the outcome of the request; the exchange itself does.
            untouched = refused.by_exchange or reply.status == 429
            pause = _asked_pause(reply.header("Retry-After"))
            raise _PossibleRetry(refused, untouched=untouched, pause=pause)
        if reply.status == 401 and refused.by_exchange and self._odd_token:
            raise CourierError(f"{refused}. {self._odd_token}") from refused
        raise refused


def _openssl_certificates() -> str:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        path = os.environ.get(name)
        if path and os.path.exists(path):
            return path
    return ""


# The number of hexadecimal digits in a hub's token.
_TOKEN_LENGTH = 32


def _oddness(token: str) -> str:
    """Returns what is odd about a token that an exchange does not know; empty if nothing is."""
    if any(each in "\"'" or each.isspace() for each in token):
        return "The token here holds a blank or a quote, which may have been copied with it"
    is_hexadecimal = all(each in "0123456789abcdef" for each in token)
    if not is_hexadecimal or len(token) == _TOKEN_LENGTH:
        return ""
    return (
        f"The token here has {len(token)} characters, and a hub makes tokens of {_TOKEN_LENGTH}:"
        " part of it may be missing"
    )


def _proxy_for(url: str) -> str | None:
    proxies = requests.utils.get_environ_proxies(url)
    return requests.utils.select_proxy(url, proxies)


def _without_password(proxy: str | None) -> str:
    if proxy is None:
        return ""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _is_upgrade(old: str, new: str) -> bool:
    """Whether the new address is the old one with TLS: the same host, on the standard ports of both."""
    before, after = urlsplit(old), urlsplit(new)
    try:
        ports = (before.port or 80, after.port or 443)
    except ValueError:
        return False
    return (
        (before.scheme, after.scheme) == ("http", "https")
        and before.hostname == after.hostname
        and ports == (80, 443)
        and before.path == after.path
        and "@" not in after.netloc
    )


def _never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _asked_pause(asked: str) -> float | None:
    return float(asked) if asked.isascii() and asked.isdigit() else None
