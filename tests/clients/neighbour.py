"""Another user's pages on the hub's origin, where every notebook server has them if there is only one domain."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from processes import STOP_LIMIT_S, STOP_POLL_S

NAME = "neighbour"
PREFIX = f"/services/{NAME}/"

PAGE = "<!doctype html><html lang=en><title>neighbour</title><p>Nothing to see here.</p></html>"

# The worker reports what it can read of the reply, and shows the page.
REPORT = """
const report = async (request, reply) => {
  const read = {
    dest: request.destination, method: request.method, status: reply.status, text: await reply.clone().text(),
  };
  await fetch("/services/neighbour/reports", { method: "POST", body: JSON.stringify(read) });
  return reply;
};
const isTarget = (request) =>
  request.mode === "navigate" && new URL(request.url).pathname.startsWith("/services/nbcourier/");
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
"""

WORKERS = {
    # Requests the page in place of the browser.
    "forward": """
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("fetch", (event) => {
  if (isTarget(event.request)) {
    event.respondWith(fetch(event.request).then((reply) => report(event.request, reply)));
  }
});
""",
    # Makes the browser request the page before the worker runs.
    "preload": """
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.registration.navigationPreload.enable()));
self.addEventListener("fetch", (event) => {
  if (isTarget(event.request)) {
    event.respondWith((async () => {
      const reply = (await event.preloadResponse) || (await fetch(event.request));
      return report(event.request, reply);
    })());
  }
});
""",
    # Makes the browser request the page and the worker at the same time, and requests it again.
    "race": """
self.addEventListener("install", (event) => {
  if (event.addRoutes) {
    event.waitUntil(event.addRoutes({
      condition: { urlPattern: new URLPattern({ pathname: "/services/nbcourier/*" }) },
      source: "race-network-and-fetch-handler",
    }));
  }
  self.skipWaiting();
});
self.addEventListener("fetch", (event) => {
  if (isTarget(event.request)) {
    event.respondWith(fetch(event.request).then((reply) => report(event.request, reply)));
  }
});
""",
}


class Neighbour:
    """A server of the hub whose owner can make it do anything; it listens until it is stopped."""

    def __init__(self) -> None:
        self.reports: list[dict] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_S,), daemon=True
        )
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Stops the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(STOP_LIMIT_S)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        reports = self.reports

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.split("?")[0].removeprefix(PREFIX)
                worker = name.removeprefix("worker-").removesuffix(".js")
                if worker in WORKERS:
                    self._reply("text/javascript", REPORT + WORKERS[worker])
                else:
                    self._reply("text/html", PAGE)

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                reports.append(json.loads(self.rfile.read(length)))
                self._reply("text/plain", "thanks")

            def _reply(self, kind: str, text: str) -> None:
                body = text.encode()
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                # The worker may control every page of the origin, and the page may keep handles of its windows.
                self.send_header("Service-Worker-Allowed", "/")
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Logs nothing: the tests report what went wrong."""

        return Handler
