"""A proxy that counts requests and spoils chosen ones, so that a server dies or refuses at one exact moment."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import requests
from processes import STOP_POLL_S

LIMIT_S = 60
CHUNK = 1 << 16
# Headers about a single connection, which are not forwarded (RFC 9110, section 7.6.1).
ONE_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


@dataclass
class ForwardedRequest:
    """A request through the proxy: its method, its path, and the number of requests before it."""

    method: str
    path: str
    earlier: int
    # The bytes of the request and of the reply, without headers.
    sent: int = 0
    received: int = 0
    headers: dict[str, str] = field(default_factory=dict)


# The action for a request: None forwards it.
Spoil = Callable[[requests.Response, BaseHTTPRequestHandler], None]
Rule = Callable[[ForwardedRequest], Spoil | None]


# The header by which an exchange's replies are recognised.
MARK = {"X_NbCourier": "exchange"}


def answer(status: int, body: bytes, **headers: str) -> Spoil:
    """Sends this answer without asking the service, as a program does that is no exchange."""

    def spoil(_: requests.Response | None, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    spoil.asks = False
    return spoil


def from_exchange(status: int, body: bytes, **headers: str) -> Spoil:
    """Sends this answer without asking the service, as an exchange does."""
    return answer(status, body, **MARK, **headers)


def problem(status: int, detail: str) -> Spoil:
    """Sends a refusal in the form of the exchange's own API."""
    body = b'{"type": "about:blank", "status": %d, "detail": "%s"}'
    return from_exchange(
        status,
        body % (status, detail.encode()),
        Content_Type="application/problem+json",
    )


def cut_at(
    place: Callable[[bytes], int], then: Callable[[], None] = lambda: None
) -> Spoil:
    """Breaks the connection at this place of the answer, after the service has done its work, and calls `then`."""

    def spoil(reply: requests.Response, handler: BaseHTTPRequestHandler) -> None:
        content = reply.content
        handler.send_response(reply.status_code)
        _send_headers(reply, handler, ONE_HOP | {"content-encoding"})
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: place(content)])
        then()

    return spoil


# Breaks the connection in the middle of the answer.
cut = cut_at(lambda content: len(content) // 2)

# The answer of an ngshare to an unknown address: a page.
NO_V1 = answer(404, b"<html>404: Not Found</html>", Content_Type="text/html")


def without_v1(asked: ForwardedRequest) -> Spoil | None:
    """Hides the addresses that an ngshare does not have."""
    return NO_V1 if asked.path.startswith("/v1/") else None


class Front:
    """Forwards all requests, except those that `rule` spoils or `hides` hides."""

    def __init__(self, target: str, hides: Rule = lambda asked: None) -> None:
        self.rule: Rule = lambda asked: None
        self.asked: list[ForwardedRequest] = []
        # Sent with every answer.
        self.headers: dict[str, str] = {}
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                headers = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() not in ONE_HOP
                }
                asked = ForwardedRequest(
                    self.command, self.path, len(front.asked), headers=headers
                )
                front.asked.append(asked)
                body = b"".join(_body(self))
                asked.sent = len(body)
                spoil = hides(asked) or front.rule(asked)
                self.close_connection = True
                if not getattr(spoil, "asks", True):
                    spoil(None, self)
                    return
                with _passed_on(target, asked, body) as reply:
                    if spoil is None:
                        _whole(asked, reply, self)
                    else:
                        spoil(reply, self)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def end_headers(self) -> None:
                """Closes the connection after each request."""
                for name, value in front.headers.items():
                    self.send_header(name, value)
                self.send_header("Connection", "close")
                super().end_headers()

            def log_message(self, *_: object) -> None:
                """Logs nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_S,), daemon=True
        ).start()

    def die(self) -> None:
        """Stops listening, while the test goes on."""
        self._server.socket.close()

    def stop(self) -> None:
        """Stops the proxy and its thread."""
        self._server.shutdown()
        self._server.server_close()

    def below(self, path: str) -> list[ForwardedRequest]:
        """Returns the requests below this path."""
        return [
            asked for asked in self.asked if urlsplit(asked.path).path.startswith(path)
        ]


def _body(handler: BaseHTTPRequestHandler) -> Iterator[bytes]:
    if handler.headers.get("Transfer-Encoding", "").lower() != "chunked":
        yield handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        return
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        yield handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()


def _passed_on(target: str, asked: ForwardedRequest, body: bytes) -> requests.Response:
    return requests.request(
        asked.method,
        target + asked.path,
        data=body,
        headers={"Accept-Encoding": "identity"} | asked.headers,
        timeout=LIMIT_S,
        stream=True,
    )


def _send_headers(
    reply: requests.Response,
    handler: BaseHTTPRequestHandler,
    but: set[str] = ONE_HOP,
) -> None:
    for name, value in reply.headers.items():
        if name.lower() not in but:
            handler.send_header(name, value)


def _whole(
    asked: ForwardedRequest, reply: requests.Response, handler: BaseHTTPRequestHandler
) -> None:
    handler.send_response(reply.status_code)
    _send_headers(reply, handler)
    if reply.status_code == 204:
        handler.end_headers()
        return
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while part := reply.raw.read(CHUNK, decode_content=False):
        asked.received += len(part)
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
    handler.wfile.write(b"0\r\n\r\n")
