"""A relay in front of a server, which counts the bytes of both directions."""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self

from servers import Broken

CHUNK = 1 << 16
CONNECT_LIMIT_S = 30
# The longest time for which connections stay open after their client has ended.
END_LIMIT_S = 30


class Relay:
    """Forwards all connections to a port of this machine. What TCP and IP add is not counted."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._counting = threading.Lock()
        self._up = self._down = 0
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone does not wake the thread that waits.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def take(self) -> tuple[int, int]:
        """Returns the bytes to the server and from there since the last call. The client must have ended."""
        with self._counting:
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.join(END_LIMIT_S)
            if thread.is_alive():
                raise Broken("a server keeps a connection whose client has ended")
        taken = (self._up, self._down)
        self._up = self._down = 0
        return taken

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=[client], daemon=True)
            with self._counting:
                self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                there = ("127.0.0.1", self._target)
                server = socket.create_connection(there, CONNECT_LIMIT_S)
            except OSError:
                return
            with server:
                server.settimeout(None)
                for side in (client, server):
                    # The kernel would keep the end of a request until the receiver acknowledges its beginning.
                    side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                back = threading.Thread(
                    target=_pass_on, args=[server, client, self._came], daemon=True
                )
                back.start()
                _pass_on(client, server, self._went)
                back.join()

    def _went(self, count: int) -> None:
        with self._counting:
            self._up += count

    def _came(self, count: int) -> None:
        with self._counting:
            self._down += count


def _pass_on(
    source: socket.socket, target: socket.socket, counted: Callable[[int], None]
) -> None:
    """Passes on one direction until its sender ends it."""
    # A side that hung up gets nothing more.
    with contextlib.suppress(OSError):
        while part := source.recv(CHUNK):
            counted(len(part))
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
