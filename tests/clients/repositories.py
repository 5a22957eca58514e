"""Git repositories on a server of their own with https, served by `git http-backend`."""

import os
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from processes import STOP_POLL_S
from relay import Authority

GIT_LIMIT_S = 60
# Git reads no settings of this machine, and needs a name for its commits.
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "ira",
    "GIT_AUTHOR_EMAIL": "ira@example.org",
    "GIT_COMMITTER_NAME": "ira",
    "GIT_COMMITTER_EMAIL": "ira@example.org",
}


def git(*arguments: str, given: bytes = b"", **variables: str) -> bytes:
    """Runs git, which must succeed, and returns its output."""
    program = shutil.which("git")
    assert program, "there is no git"
    outcome = subprocess.run(
        [program, *arguments],
        input=given,
        capture_output=True,
        env={"PATH": os.environ["PATH"], **ENVIRONMENT, **variables},
        timeout=GIT_LIMIT_S,
    )
    assert outcome.returncode == 0, outcome.stderr.decode(errors="replace")
    return outcome.stdout


class Repository:
    """A bare repository, and the folder from which its commits come."""

    def __init__(self, bare: Path) -> None:
        self._bare = bare
        self._work = bare.with_suffix(".work")
        git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
        git("clone", "--quiet", str(bare), str(self._work))
        git("-C", str(self._work), "checkout", "--quiet", "-B", "main")

    def push(self, files: dict[str, str | None]) -> None:
        """Commits these files beside those that are there, and pushes the commit. A file without a text is removed."""
        self._commit(files)
        git(*self._at, "push", "--quiet", "origin", "HEAD:main")

    def rewrite(self, files: dict[str, str | None]) -> None:
        """Does the same in a history that begins anew, and so has no commit of the one before."""
        git(*self._at, "checkout", "--quiet", "--orphan", "anew")
        self._commit(files)
        git(*self._at, "push", "--quiet", "--force", "origin", "HEAD:main")

    def _commit(self, files: dict[str, str | None]) -> None:
        for path, text in files.items():
            target = self._work / path
            if text is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        git(*self._at, "add", "--all")
        git(*self._at, "commit", "--quiet", "--message", "More")

    @property
    def _at(self) -> tuple[str, str]:
        return "-C", str(self._work)


class GitServer:
    """A server whose certificate only programs with the file `ca` trust."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self._directory = directory
        authority = Authority(directory / "authority")
        self.ca = authority.ca

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                address = urlsplit(self.path)
                length = int(self.headers.get("Content-Length") or 0)
                reply = git(
                    "http-backend",
                    given=self.rfile.read(length),
                    GIT_PROJECT_ROOT=str(directory),
                    GIT_HTTP_EXPORT_ALL="1",
                    PATH_INFO=address.path,
                    QUERY_STRING=address.query,
                    REQUEST_METHOD=self.command,
                    CONTENT_TYPE=self.headers.get("Content-Type", ""),
                    CONTENT_LENGTH=str(length),
                    HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
                    GIT_PROTOCOL=self.headers.get("Git-Protocol", ""),
                )
                head, _, body = reply.partition(b"\r\n\r\n")
                headers = [line.split(": ", 1) for line in head.decode().splitlines()]
                status = dict(headers).get("Status", "200").split()[0]
                self.send_response(int(status))
                for name, value in headers:
                    if name != "Status":
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = handle_any

            def log_message(self, *_: object) -> None:
                """Logs nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        tls = authority.server("localhost")
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.host = f"localhost:{self._server.server_port}"
        threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_S,), daemon=True
        ).start()

    @property
    def options(self) -> list[str]:
        """Returns the options with which nbcourier may fetch from this server."""
        return [f"--git-hosts={self.host}", f"--git-ca={self.ca}"]

    def repository(self, name: str) -> Repository:
        """Returns a new repository without commits."""
        return Repository(self._directory / name)

    def stop(self) -> None:
        """Stops the server."""
        self._server.shutdown()
        self._server.server_close()
