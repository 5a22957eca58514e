"""A proxy that spoils what it is told to: how a server that dies or refuses is made to do so at one exact moment."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

LIMIT_S = 60


@dataclass(frozen=True)
class Asked:
    """A request that passes: its method, its path below the service's address, how many came before it."""

    method: str
    path: str
    earlier: int


# What to do with a request: None lets it pass.
Spoil = Callable[[requests.Response, BaseHTTPRequestHandler], None]
Rule = Callable[[Asked], Spoil | None]


def answer(status: int, body: bytes, **headers: str) -> Spoil:
    """Something else is answered; the service is not asked."""

    def spoil(_: requests.Response | None, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    spoil.asks = False
    return spoil


def cut(reply: requests.Response, handler: BaseHTTPRequestHandler) -> None:
    """The service has done its work, and the connection breaks in the middle of its answer."""
    handler.send_response(reply.status_code)
    handler.send_header("Content-Length", str(len(reply.content)))
    handler.end_headers()
    handler.wfile.write(reply.content[: len(reply.content) // 2])


class Front:
    """Passes everything on, but for what `rule` says."""

    def __init__(self, target: str) -> None:
        self.rule: Rule = lambda asked: None
        self.asked: list[Asked] = []
        front = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                asked = Asked(self.command, self.path, len(front.asked))
                front.asked.append(asked)
                spoil = front.rule(asked)
                reply = None
                if getattr(spoil, "asks", True):
                    reply = _passed_on(target, self, body)
                (spoil or _whole)(reply, self)
                self.close_connection = True

            do_GET = do_POST = do_DELETE = handle_any

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def die(self) -> None:
        """Nobody answers at the address any more, though the test goes on."""
        self._server.socket.close()

    def stop(self) -> None:
        """Ends the thread, too."""
        self._server.shutdown()
        self._server.server_close()


def _passed_on(
    target: str, handler: BaseHTTPRequestHandler, body: bytes
) -> requests.Response:
    kept = ("Authorization", "Content-Type")
    return requests.request(
        handler.command,
        target + handler.path,
        data=body,
        headers={name: handler.headers[name] for name in kept if handler.headers[name]},
        timeout=LIMIT_S,
    )


def _whole(reply: requests.Response, handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(reply.status_code)
    handler.send_header("Content-Type", reply.headers.get("Content-Type", ""))
    handler.send_header("Content-Length", str(len(reply.content)))
    handler.end_headers()
    handler.wfile.write(reply.content)
