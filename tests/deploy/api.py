"""The API of Kubernetes, as far as the chart reads it: the objects of a namespace."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chart import CHART, Rendered
from helm_python.chart import Chart
from helm_python.config import Config

RESOURCES = {"Secret": "secrets", "PersistentVolumeClaim": "persistentvolumeclaims"}
NAMESPACE = "jhub"


@contextmanager
def api(*objects: dict) -> Iterator[Config]:
    """Serves the API with these objects, and yields the access to it."""
    paths: dict[str, object] = {
        "/api/v1": {
            "kind": "APIResourceList",
            "groupVersion": "v1",
            "resources": [
                {"name": name, "kind": kind, "namespaced": True, "verbs": ["get"]}
                for kind, name in RESOURCES.items()
            ],
        }
    }
    for each in objects:
        name = f"{RESOURCES[each['kind']]}/{each['metadata']['name']}"
        paths[f"/api/v1/namespaces/{NAMESPACE}/{name}"] = {"apiVersion": "v1"} | each

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = paths.get(self.path.split("?")[0])
            missing = {
                "kind": "Status",
                "status": "Failure",
                "reason": "NotFound",
                "code": 404,
            }
            body = json.dumps(found or missing).encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        with Config(
            kubeconfig_content=KUBECONFIG.format(address=address), namespace=NAMESPACE
        ) as config:
            yield config
    finally:
        server.shutdown()
        server.server_close()


def upgrade(config: Config, values: dict) -> Rendered:
    """Renders the chart as `helm upgrade` does, which finds the objects of the cluster."""
    with Chart.load(CHART) as chart:
        texts = config.render(
            chart, values, name="ngshare", namespace=NAMESPACE, is_upgrade=True
        )
    paths = {path.removeprefix("nbcourier/"): text for path, text in texts.items()}
    return Rendered({path: text for path, text in paths.items() if text.strip()})


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: only
contexts: [{{name: only, context: {{cluster: only, user: nobody}}}}]
clusters: [{{name: only, cluster: {{server: "{address}"}}}}]
users: [{{name: nobody, user: {{}}}}]
"""
