"""A hub on port 8081 of the network namespace that it is started in. It knows a token of each person, `token-of-NAME`, and
takes all others for tokens of services.

It ends when its standard input ends.
"""

import fcntl
import json
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIOCSIFFLAGS = 0x8914
IFF_UP = 1
asked: list[dict] = []


class Hub(BaseHTTPRequestHandler):
    """Answers as JupyterHub's API does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answers a request."""
        if self.path == "/asked":
            return self._reply(200, asked)
        word = self.headers.get("Authorization", "").split(" ")[-1]
        asked.append({"path": self.path, "token": word})
        name = word.removeprefix("token-of-")
        is_person = name != word
        if self.path.endswith("/hub/api/user") and is_person:
            person = {"kind": "user", "name": name, "admin": False, "groups": []}
            return self._reply(200, person)
        if self.path.endswith("/hub/api/user"):
            return self._reply(200, {"kind": "service", "name": "any", "admin": False})
        return self._reply(403, {"status": 403, "message": "Forbidden"})

    def _reply(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Keeps quiet."""


def main() -> None:
    """Turns the loopback interface on, and serves unless the argument is `alone`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    if sys.argv[1:] != ["alone"]:
        server = ThreadingHTTPServer(("127.0.0.1", 8081), Hub)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


main()
