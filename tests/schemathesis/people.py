"""The callers, and a hub that knows them by their tokens."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Ordered by permissions, fewest first. So the others have requested a thing before a caller deletes it.
ROLES = ["anonymous", "stranger", "service", "student", "instructor", "admin"]

# The hub's answers about the owners of tokens. The service has the name of the instructor, but is not the instructor.
OWNERS = {
    name: {"kind": "user", "name": name, "admin": False, "groups": [], "scopes": []}
    for name in ["stranger", "student", "instructor", "admin"]
}
OWNERS["service"] = {
    "kind": "service",
    "name": "instructor",
    "admin": False,
    "scopes": [],
}


def permit(role: str) -> dict[str, str]:
    """Returns the header that identifies the caller."""
    return {} if role == "anonymous" else {"Authorization": f"token {role}"}


class Hub:
    """A hub on a port of its own, until it is stopped."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def api_url(self) -> str:
        """The URL of the hub's API."""
        return f"http://127.0.0.1:{self._server.server_port}/hub/api"

    def stop(self) -> None:
        """Stops the hub."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("token ")
        owner = OWNERS.get(token)
        body = json.dumps(owner or {"status": 403, "message": "Forbidden"}).encode()
        self.send_response(200 if owner else 403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Logs nothing."""
