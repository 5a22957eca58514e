"""Programs in front of a hub: proxies that forward, that end TLS, and that redirect, all with real listeners."""

import shutil
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from processes import STOP_POLL_S

CHUNK = 1 << 16
CONNECT_LIMIT_S = 30
# The longest time that one direction of a connection stays open after the other has ended.
EXCHANGE_LIMIT_S = 300
OPENSSL_LIMIT_S = 60


class Relay:
    """Forwards all bytes to a port of this machine, and ends TLS if it has a certificate."""

    def __init__(
        self,
        target: int,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        most: int | None = None,
    ) -> None:
        """`most` is the number of bytes of a connection that go back, if not all do. The connection stays open then."""
        self._target = target
        self._tls = tls
        self._most = most
        self._listener = socket.create_server((host, port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """Stops listening."""
        # Closing alone does not wake the thread that waits.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            if self._tls:
                client = self._tls.wrap_socket(client, server_side=True)
            there = ("127.0.0.1", self._target)
            server = socket.create_connection(there, CONNECT_LIMIT_S)
            server.settimeout(None)
        except OSError:
            client.close()
            return
        ends = [server, client, self._most]
        back = threading.Thread(target=_pass_on, args=ends, daemon=True)
        back.start()
        _pass_on(client, server)
        back.join(EXCHANGE_LIMIT_S)
        client.close()
        server.close()


def _pass_on(
    source: socket.socket, target: socket.socket, most: int | None = None
) -> None:
    try:
        while part := source.recv(CHUNK):
            if most is not None:
                part, most = part[:most], max(0, most - len(part))
            target.sendall(part)
        if most != 0:
            target.shutdown(socket.SHUT_WR)
    except OSError:
        # A side that hung up gets nothing more.
        pass


class Responder:
    """Answers every request in the same way, and remembers the requests."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        status: int = 403,
        redirect: str = "",
    ) -> None:
        """`redirect` comes before the path in the address that it redirects to."""
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                asked.append(f"{self.requestline}\n{self.headers}")
                body = b"<html><h1>Nobody you know</h1></html>"
                self.send_response(status)
                if redirect:
                    self.send_header("Location", redirect + self.path)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_CONNECT = handle_any

            def log_message(self, *_: object) -> None:
                """Logs nothing."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self.port = self._server.server_port
        self.url = f"http://{host}:{self.port}"
        threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_S,), daemon=True
        ).start()

    def stop(self) -> None:
        """Stops the server."""
        self._server.shutdown()
        self._server.server_close()


class Authority:
    """Issues certificates that only programs with the file `ca` trust."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self._directory = directory
        self.ca = directory / "ca.pem"
        self._openssl("ca", "/CN=Tests", "basicConstraints=critical,CA:TRUE")

    def server(self, *names: str) -> ssl.SSLContext:
        """Returns TLS for a server with these names and addresses."""
        kinds = [
            f"{'IP' if each[-1].isdigit() else 'DNS'}:{each}" for each in names
        ]
        names_of = f"subjectAltName={','.join(kinds)}"
        key = self._directory / "ca.key"
        self._openssl(
            "server",
            "/CN=server",
            names_of,
            "-CA",
            str(self.ca),
            "-CAkey",
            str(key),
            "-addext",
            "basicConstraints=CA:FALSE",
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(
            self._directory / "server.pem", self._directory / "server.key"
        )
        return context

    def _openssl(self, name: str, subject: str, extension: str, *more: str) -> None:
        program = shutil.which("openssl")
        assert program, "there is no openssl"
        command = [program, "req", "-x509", "-newkey", "ec", "-nodes", "-days", "30"]
        command += ["-pkeyopt", "ec_paramgen_curve:P-256", "-subj", subject]
        command += ["-addext", extension, *more]
        command += ["-keyout", str(self._directory / f"{name}.key")]
        command += ["-out", str(self._directory / f"{name}.pem")]
        subprocess.run(
            command, check=True, capture_output=True, timeout=OPENSSL_LIMIT_S
        )
